/** The tables that are shipped for each database have the columns that the documents have. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { COCKPIT_TABLES, type CockpitTable } from '../../schemas/cockpit.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
}

/** `CREATE TABLE` statements of a file: columns and the primary key, in lower case. */
function tablesOf(file: string): Map<string, { columns: Column[]; key: string[] }> {
  const text = readFileSync(path.join(PROJECT_DIR, 'sql/cockpit', file), 'utf8').replaceAll(/^--.*$/gm, '');
  const found = [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(\n([\s\S]*?)\n\)/g)];
  return new Map(
    found.map(([, name = '', body = '']) => {
      const lines = body
        .toLowerCase()
        .split(/,\n/)
        .map((line) => line.trim());
      const key = /^primary key \((.*)\)$/.exec(lines.at(-1) ?? '')?.[1]?.split(', ') ?? [];
      const columns = lines.slice(0, -1).map((line) => {
        const [, column = '', type = ''] = /^(\w+) (.*?)(?: not null)?$/.exec(line) ?? [];
        return { name: column, type, isRequired: line.endsWith(' not null') };
      });
      return [name.toLowerCase(), { columns, key }];
    }),
  );
}

/** What each kind of column is in each database; a text may be NULL, because Oracle knows no empty one. */
const TYPES = {
  'sqlite.sql': {
    code: 'text',
    text: 'text',
    month: 'text',
    day: 'text',
    stamp: 'text',
    count: 'integer',
    figure: 'numeric',
    flag: 'integer',
  },
  'postgresql.sql': {
    code: 'varchar(60)',
    text: 'varchar(400)',
    month: 'varchar(7)',
    day: 'varchar(10)',
    stamp: 'varchar(19)',
    count: 'bigint',
    figure: 'numeric(20, 2)',
    flag: 'smallint',
  },
  'oracle.sql': {
    code: 'varchar2(60 char)',
    text: 'varchar2(400 char)',
    month: 'varchar2(7)',
    day: 'varchar2(10)',
    stamp: 'varchar2(19)',
    count: 'number(18)',
    figure: 'number(20, 2)',
    flag: 'number(1)',
  },
} as const;

test.each(Object.keys(TYPES) as (keyof typeof TYPES)[])('%s', (file) => {
  const tables = tablesOf(file);
  const names = Object.keys(COCKPIT_TABLES) as CockpitTable[];
  expect([...tables.keys()]).toEqual([
    'ckpt_version',
    'ckpt_current',
    'ckpt_panel',
    ...names.map((name) => `ckpt_${name}`),
  ]);
  for (const name of names) {
    const { columns, key } = COCKPIT_TABLES[name];
    const expected = Object.entries<string>(columns).map(([column, kind]) => ({
      name: column,
      type: TYPES[file][kind.replace('?', '') as keyof (typeof TYPES)[typeof file]],
      isRequired: !kind.endsWith('?') && kind !== 'text',
    }));
    const found = tables.get(`ckpt_${name}`);
    expect(found?.columns.slice(1)).toEqual(expected);
    expect(found?.key).toEqual(['version', ...key]);
  }
});
