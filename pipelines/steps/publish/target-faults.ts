/** Faults of a target database as errors of ours: what can be repeated, and what somebody has to mend. */
import { ArbdataError } from '../../runtime/errors.ts';

/** The database cannot be reached now, or broke off. */
export function unreachable(title: string, what: string, cause: unknown): ArbdataError {
  return new ArbdataError('E_TARGET', `${title}: ${what}`, {
    advice:
      'The files of the cockpit are refreshed, the database keeps its last version. Run `arbdata run cockpit-refresh` again later.',
    cause,
  });
}

/** The database refuses what was asked; `ddl` names the file that makes the tables. */
export function refused(title: string, what: string, ddl: string, cause: unknown): ArbdataError {
  return new ArbdataError('E_TARGET_REFUSED', `${title}: ${what}`, {
    advice: `Check cockpit.target of config.json, the account's rights, and that the owner applied ${ddl}; the database keeps its last version.`,
    cause,
  });
}
