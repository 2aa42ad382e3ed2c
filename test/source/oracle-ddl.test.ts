/** sql/oracle against the contract: what a DBA runs makes exactly what the service reads. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { VIEW_NAMES, VIEWS, type View } from '../../schemas/contract.ts';
import { oracleSyntaxProblems } from './oracle-grammar.ts';

const DIR = path.join(PROJECT_DIR, 'sql/oracle');
const FILES = readdirSync(DIR).toSorted();

/** The statements of a file without their comments and semicolons. */
function statementsOf(file: string): string[] {
  return readFileSync(path.join(DIR, file), 'utf8')
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
const flat = (sql: string): string => sql.replaceAll(/\s+/g, ' ');

test('the files are those that are documented', () => {
  expect(FILES).toEqual([
    '010-tables.sql',
    '020-views.sql',
    '030-account.sql',
    '040-flashback.sql',
    '050-profile.sql',
    '060-data-pump.sql',
  ]);
});

test.each(
  FILES.flatMap((file) => statementsOf(file).map((sql) => [file, flat(sql).slice(0, 60), sql] as const)),
)('%s: %s is Oracle’s syntax', (_file, _start, sql) => {
  expect(oracleSyntaxProblems(sql)).toEqual([]);
});

describe.each(VIEWS.map((view) => [view.name, view] as const))('%s', (name, view: View) => {
  test('its placeholder table has the columns, types and order of the contract', () => {
    const sql = statementsOf('010-tables.sql').find((text) =>
      text.startsWith(`CREATE TABLE ARB.T_${name} (`),
    );
    const lines = (sql ?? '').split('\n').slice(1, -1);
    // Lengths are of characters: in bytes, a name of the contract's length would not fit.
    const columns = lines.map((line) =>
      flat(line.trim().replace(/,$/, '')).replaceAll(/(\d) CHAR\)/g, '$1)'),
    );
    expect(columns).toEqual(
      view.columns.map(
        (column) => `${column.name} ${column.oracleType}${column.nullable ? '' : ' NOT NULL'}`,
      ),
    );
    expect(lines.filter((line) => /CHAR/.test(line) && !/\d CHAR\)/.test(line))).toEqual([]);
  });

  test('its view has the columns and order of the contract and cannot be written', () => {
    const list = view.columns.map((column) => `T.${column.name} AS ${column.name}`).join(', ');
    expect(statementsOf('020-views.sql').map(flat)).toContain(
      `CREATE OR REPLACE VIEW ARB.${name} AS SELECT ${list} FROM ARB.T_${name} T WITH READ ONLY`,
    );
  });
});

test('there is nothing but the six tables and views', () => {
  expect(statementsOf('010-tables.sql')).toHaveLength(VIEWS.length);
  expect(statementsOf('020-views.sql')).toHaveLength(VIEWS.length);
});

test('the account can log on and read the six views, and nothing else', () => {
  const grants = statementsOf('030-account.sql').filter((sql) => !/^CREATE (USER|SYNONYM)\b/.test(sql));
  expect(grants).toEqual([
    'GRANT CREATE SESSION TO ARBDATA',
    ...VIEW_NAMES.map((name) => `GRANT READ ON ARB.${name} TO ARBDATA`),
  ]);
  const user = statementsOf('030-account.sql').find((sql) => sql.startsWith('CREATE USER'));
  expect(user).toMatch(/^CREATE USER ARBDATA IDENTIFIED BY "&\w+" .*QUOTA 0 ON USERS$/);
});

test('the optional grants let it look back, tell the moment, and change nothing', () => {
  expect(statementsOf('040-flashback.sql')).toEqual([
    ...VIEW_NAMES.map((name) => `GRANT FLASHBACK ON ARB.${name} TO ARBDATA`),
    'GRANT EXECUTE ON SYS.DBMS_FLASHBACK TO ARBDATA',
    'GRANT SELECT ON SYS.V_$DATABASE TO ARBDATA',
    'GRANT SELECT ON SYS.V_$PARAMETER TO ARBDATA',
  ]);
});
