/** ORDER BY, with Oracle's place of NULLs. */
import { value } from './expressions.ts';
import type { Scope, Translation } from './translation.ts';

/** ` ORDER BY …`, or nothing where none stands. */
export function orderBy(t: Translation, scope: Scope): string {
  if (!t.acceptWords('ORDER', 'BY')) return '';
  const terms: string[] = [];
  do {
    const { sql } = value(t, scope);
    const descending = t.acceptWords('DESC');
    if (!descending) t.acceptWords('ASC');
    let nulls = descending ? 'FIRST' : 'LAST';
    if (t.acceptWords('NULLS')) {
      nulls = t.acceptWords('FIRST') ? 'FIRST' : 'LAST';
      if (nulls === 'LAST') t.acceptWords('LAST');
    }
    terms.push(`${sql} ${descending ? 'DESC' : 'ASC'} NULLS ${nulls}`);
  } while (t.acceptOperator(','));
  return ` ORDER BY ${terms.join(', ')}`;
}
