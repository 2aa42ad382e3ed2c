/** The moment that a database is at: its system change number, by whichever way the account may ask for it. */
import { OracleError } from './errors.ts';
import { SCN_WAYS, type ScnWay, scnQuery } from './queries.ts';
import type { OracleSession } from './session.ts';

export interface Moment {
  /** Digits. */
  readonly scn: string;
  readonly way: ScnWay;
}

/**
 * The present system change number, or undefined where the account has no way to it.
 * @throws {OracleError} where the session was lost over asking
 */
export async function currentScn(session: OracleSession): Promise<Moment | undefined> {
  for (const way of SCN_WAYS) {
    const rows = await unlessRefused(() => session.rows(scnQuery(way)));
    const scn = rows?.[0]?.['SCN'];
    // A standby or mounted database answers 0.
    if (typeof scn === 'string' && /^[1-9]\d*$/.test(scn)) return { scn, way };
  }
  return undefined;
}

/** What a query gives, or undefined where the database refuses it to this account; a lost session is thrown. */
export async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OracleError && error.fate !== 'lost') return undefined;
    throw error;
  }
}
