/** Conditions of Oracle's SQL: comparisons with its conversions, IN, BETWEEN, LIKE, EXISTS. */
import { OraError } from '../replies.ts';
import { asText, isDate, isText, numberOfText, value } from './expressions.ts';
import { textToDate } from './masks.ts';
import { type Piece, type Scope, type Translation, unsupported } from './translation.ts';

const COMPARISONS: Readonly<Record<string, string>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '^=': '<>',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};

/** A condition: what stands after WHERE, HAVING, ON and WHEN. */
export function condition(t: Translation, scope: Scope): string {
  let sql = conjunction(t, scope);
  while (t.acceptWords('OR')) sql = `(${sql} OR ${conjunction(t, scope)})`;
  return sql;
}

function conjunction(t: Translation, scope: Scope): string {
  let sql = negation(t, scope);
  while (t.acceptWords('AND')) sql = `(${sql} AND ${negation(t, scope)})`;
  return sql;
}

/** The parts of a condition that AND joins at its top, for ROWNUM. */
export function conjuncts(t: Translation, scope: Scope, each: (t: Translation) => boolean): string {
  const parts: string[] = [];
  do {
    if (!each(t)) parts.push(negation(t, scope));
  } while (t.acceptWords('AND'));
  if (!t.isWord('OR')) return parts.join(' AND ');
  let sql = parts.join(' AND ') || 'TRUE';
  while (t.acceptWords('OR')) sql = `(${sql}) OR (${conjunction(t, scope)})`;
  return sql;
}

function negation(t: Translation, scope: Scope): string {
  if (t.acceptWords('NOT')) return `(NOT ${negation(t, scope)})`;
  if (t.isWord('EXISTS')) {
    t.take();
    t.expectOperator('(');
    const { sql } = t.subquery(t, scope);
    t.expectOperator(')');
    return `EXISTS (${sql})`;
  }
  if (t.isOperator('(') && holdsCondition(t)) {
    t.take();
    const sql = condition(t, scope);
    t.expectOperator(')');
    return `(${sql})`;
  }
  return predicate(t, scope);
}

/** Whether the parenthesis that comes next encloses a condition rather than a value or a query. */
function holdsCondition(t: Translation): boolean {
  let depth = 0;
  let cases = 0;
  const words = ['AND', 'OR', 'NOT', 'IN', 'LIKE', 'BETWEEN', 'IS', 'EXISTS'];
  for (let ahead = 0; ; ahead++) {
    const token = t.peek(ahead);
    if (token.kind === 'end') return false;
    if (token.kind === 'operator' && token.text === '(') depth += 1;
    if (token.kind === 'operator' && token.text === ')' && --depth === 0) return false;
    if (depth === 1 && ahead === 1 && token.kind === 'word' && ['SELECT', 'WITH'].includes(token.text))
      return false;
    if (token.kind === 'word' && token.text === 'CASE') cases += 1;
    if (token.kind === 'word' && token.text === 'END') cases -= 1;
    // Parentheses that only enclose others do not hide a condition.
    const plain = onlyParenthesesUpTo(t, ahead, depth);
    if (cases > 0 || !plain) continue;
    if (token.kind === 'word' && words.includes(token.text)) return true;
    if (token.kind === 'operator' && COMPARISONS[token.text] !== undefined) return true;
  }
}

/** Whether all that is open before this place, beyond the first parenthesis, is a row of parentheses at the start. */
function onlyParenthesesUpTo(t: Translation, ahead: number, depth: number): boolean {
  if (depth === 1) return true;
  for (let at = 0; at < depth; at++) if (!t.isOperator('(', at)) return false;
  return ahead >= depth;
}

function predicate(t: Translation, scope: Scope): string {
  const left = value(t, scope);
  const operator = t.peek();
  const comparison = operator.kind === 'operator' ? COMPARISONS[operator.text] : undefined;
  if (comparison !== undefined) {
    t.take();
    if (['ANY', 'ALL', 'SOME'].some((word) => t.isWord(word))) throw unsupported('ANY and ALL', t.peek().at);
    return compare(t, left, comparison, value(t, scope));
  }
  if (t.acceptWords('IS')) {
    const not = t.acceptWords('NOT') ? ' NOT' : '';
    t.expectWord('NULL', 908, 'missing NULL keyword');
    return `${left.sql} IS${not} NULL`;
  }
  const not = t.acceptWords('NOT') ? 'NOT ' : '';
  if (t.acceptWords('IN')) return `(${not}${inList(t, scope, left)})`;
  if (t.acceptWords('BETWEEN')) {
    const low = value(t, scope);
    t.expectWord('AND');
    const high = value(t, scope);
    return `(${not}(${compare(t, left, '>=', low)} AND ${compare(t, left, '<=', high)}))`;
  }
  if (t.acceptWords('LIKE')) {
    const pattern = value(t, scope);
    const escaped = t.acceptWords('ESCAPE') ? ` ESCAPE ${value(t, scope).sql}` : '';
    return `(${not}${asText(t, left)} LIKE ${asText(t, pattern)}${escaped})`;
  }
  throw new OraError(920, 'invalid relational operator', { offset: operator.at });
}

function inList(t: Translation, scope: Scope, left: Piece): string {
  t.expectOperator('(');
  let sql: string;
  if (t.isWord('SELECT') || t.isWord('WITH')) {
    sql = `${left.sql} IN (${t.subquery(t, scope).sql})`;
  } else {
    const equals: string[] = [];
    do equals.push(compare(t, left, '=', value(t, scope)));
    while (t.acceptOperator(','));
    sql = `(${equals.join(' OR ')})`;
  }
  t.expectOperator(')');
  return sql;
}

/** A comparison with Oracle's conversions: text to number, CHAR with blanks added, dates only with dates. */
export function compare(t: Translation, left: Piece, operator: string, right: Piece): string {
  const [a, b] = [left.type, right.type];
  if (a?.kind === 'number' && isText(b)) return `${left.sql} ${operator} ${numberOfText(right.sql)}`;
  if (b?.kind === 'number' && isText(a)) return `${numberOfText(left.sql)} ${operator} ${right.sql}`;
  if (isDate(a) && isText(b))
    return `${left.sql} ${operator} ${textToDate(right.sql, t.around.nlsDateFormat)}`;
  if (isDate(b) && isText(a))
    return `${textToDate(left.sql, t.around.nlsDateFormat)} ${operator} ${right.sql}`;
  if ((isDate(a) && b?.kind === 'number') || (isDate(b) && a?.kind === 'number')) {
    throw new OraError(932, 'inconsistent datatypes: expected DATE got NUMBER');
  }
  const fixed = (piece: Piece) => piece.type?.kind === 'char' || piece.form === 'literal';
  if (isText(a) && isText(b) && fixed(left) && fixed(right) && (a?.kind === 'char' || b?.kind === 'char')) {
    return `rtrim(${left.sql}, ' ') ${operator} rtrim(${right.sql}, ' ')`;
  }
  return `${left.sql} ${operator} ${right.sql}`;
}
