/**
 * Which bodies an account may see: decided here and nowhere else. A district account sees its own body; what is of
 * other bodies, or of the city as a whole, does not exist for it.
 */
import type { Account } from '../../pipelines/accounts.ts';
import { HttpProblem } from './problem.ts';

export interface Sight {
  /** The only body that is seen; undefined: all of them. */
  readonly body: string | undefined;
  may(body: string | null): boolean;
  /** @throws HttpProblem `not-found`, as for a body that does not exist */
  require(body: string): void;
}

/** The one decision. */
export function sightOf({ roles, orgCode }: Pick<Account, 'roles' | 'orgCode'>): Sight {
  if (!roles.includes('district')) {
    return { body: undefined, may: () => true, require: () => undefined };
  }
  // An account without its body, which cannot be made, would see nothing.
  const own = orgCode ?? '';
  const may = (body: string | null): boolean => own !== '' && body === own;
  return {
    body: own,
    may,
    require: (body) => {
      if (!may(body)) throw new HttpProblem('not-found');
    },
  };
}

/** Members of answers that name a body. */
const BODY_KEYS = new Set(['body', 'org_code', 'orgCode']);

/**
 * The last line: an answer that names a body which the account may not see is never sent.
 * @throws Error, which is a defect of the handler
 */
export function refuseForeignRows(sight: Sight, value: unknown): void {
  if (sight.body === undefined || typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (BODY_KEYS.has(key) && typeof member === 'string' && !sight.may(member)) {
      throw new Error(`an answer for body ${sight.body} holds a row of another body`);
    }
    refuseForeignRows(sight, member);
  }
}
