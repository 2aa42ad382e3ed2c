/** A platform's words on a record may quote what was sent: as people see them, persons are masked in them. */
import { maskSql } from '../../runtime/masking.ts';

/** Longer words are cut. */
const SHOWN_CHARACTERS = 500;

/**
 * SQL: the words as people see them. Numbers of persons' documents and telephones are hidden, the names of the case's
 * persons masked, control characters replaced.
 * @param message the expression of the words
 * @param caseId the expression of the case
 * @param parties `case_id, party_kind, name` of the parties whose names may be quoted
 */
export function shownMessageSql(message: string, caseId: string, parties = 'valid_party'): string {
  const names = `(SELECT list(DISTINCT p.name ORDER BY length(p.name) DESC, p.name) FROM ${parties} p
    WHERE p.case_id = ${caseId} AND p.party_kind IS DISTINCT FROM '2' AND length(p.name) >= 2)`;
  const named = `list_reduce(list_prepend(${message}, COALESCE(${names}, [])),
    lambda shown, name: replace(shown, name, ${maskSql('name', 'name')}))`;
  return `left(regexp_replace(regexp_replace(${named}, '[0-9]{11,17}[0-9Xx]?', '****', 'g'),
    '[\\p{Cc}\\x{FFFE}\\x{FFFF}]', '�', 'g'), ${SHOWN_CHARACTERS})`;
}
