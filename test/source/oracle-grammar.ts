/**
 * What Oracle's SQL grammar says of a statement: that of antlr's collection (grammars-v4, PL/SQL), and rules of ours
 * where it takes more or less than Oracle does. It knows syntax, not names, types or privileges.
 */
import { type ANTLRErrorListener, CharStreams, CommonTokenStream } from 'antlr4ts';
import { PlSqlLexer } from 'antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlLexer.js';
import { PlSqlParser } from 'antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlParser.js';
import { CaseChangingStream } from 'antlr4ts-sql/dist/src/models/CaseChangingStream.js';

/** What Oracle refuses (each ORA code by the manual) and the grammar takes; looked for outside of quotes. */
const REFUSED_BY_ORACLE: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/;/, 'a semicolon ends no statement on the wire (ORA-00911)'],
  [/\?/, 'placeholders are :1, :2 … (ORA-00911)'],
  [/:[^\d\s]/, 'placeholders are numbered here'],
  [/\b(true|false)\b/i, 'SQL before 23ai has no boolean (ORA-00904)'],
  [/\breturning\b(?!.*\binto\b)/is, 'RETURNING needs INTO (ORA-00925)'],
  [/^\s*delete\b.*\busing\b/is, 'DELETE has no USING (ORA-00933)'],
  [/(?<!\b(?:cross|natural) )\bjoin\b(?!.*\bon\b)/is, 'JOIN needs ON (ORA-00905)'],
  [/\bjoin\b.*\busing\s+[^\s(]/is, 'USING of a join has parentheses (ORA-00906)'],
  [/\(\s*\)\s*(?:and|or|$)/i, 'a list is not empty (ORA-00936)'],
  [/^\s*begin\b/i, 'a block is no SQL statement'],
];

/** What Oracle takes and this state of the grammar does not; each form stands here in full. */
const NAME = '(?:[A-Za-z][\\w$#]*|"[^"]+")';
const LITERAL = "'(?:[^']|'')*'";
const UNKNOWN_TO_GRAMMAR: readonly RegExp[] = [
  new RegExp(`^alter session set ${NAME} = ${LITERAL}$`, 'i'),
  new RegExp(
    `^alter system set ${NAME} = (?:\\d+|${NAME}|${LITERAL})(?: scope = (?:both|memory|spfile))?$`,
    'i',
  ),
  new RegExp(`^create profile ${NAME} limit(?:\\s+\\w+ (?:\\d+|unlimited|default))+$`, 'i'),
  new RegExp(
    `^revoke [a-z_]+(?: [a-z]+)*(?:, [a-z_]+(?: [a-z]+)*)*(?: on ${NAME}(?:\\.${NAME})?)? from ${NAME}$`,
    'i',
  ),
];

/** What is wrong with the syntax of a statement as it is sent; empty where nothing is. */
export function oracleSyntaxProblems(sql: string): string[] {
  const bare = withoutQuotes(sql);
  const ours = REFUSED_BY_ORACLE.flatMap(([pattern, problem]) => (pattern.test(bare) ? [problem] : []));
  if (ours.length > 0) return ours;
  const flat = sql.trim().replaceAll(/\s+/g, ' ');
  if (UNKNOWN_TO_GRAMMAR.some((pattern) => pattern.test(flat))) return [];
  return grammarProblems(sql);
}

function grammarProblems(sql: string): string[] {
  const problems: string[] = [];
  const listener: ANTLRErrorListener<never> = {
    syntaxError: (_recognizer, _symbol, line, column, message) => {
      problems.push(`${line}:${column + 1}: ${message.slice(0, 80)}`);
    },
  };
  // The grammar ends some statements with a semicolon of their own and takes one after the others too.
  const lexer = new PlSqlLexer(new CaseChangingStream(CharStreams.fromString(`${sql};`), true));
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const parser = new PlSqlParser(new CommonTokenStream(lexer));
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  const script = parser.sql_script();
  if (problems.length === 0 && script.unit_statement().length !== 1) problems.push('is not one statement');
  if (problems.length === 0 && script.sql_plus_command().length > 0)
    problems.push('is a command of SQL*Plus');
  return problems;
}

/** Texts, quoted names and comments made empty. */
function withoutQuotes(sql: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\//g, (quoted) =>
    quoted.startsWith("'") ? "''" : quoted.startsWith('"') ? '""' : ' ',
  );
}
