/** Every statement that reads the views: its text, its syntax, and names that a mapping changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MappedView, resolveNames } from '../../pipelines/steps/source/oracle/names.ts';
import {
  boundsQuery,
  chunksQuery,
  earlyRecordsQuery,
  extractProbe,
  extractQuery,
  figuresQuery,
  flashbackProbe,
  readOnlyStatement,
  SCN_WAYS,
  scnQuery,
  sessionSettings,
} from '../../pipelines/steps/source/oracle/queries.ts';
import type { OracleStatement } from '../../pipelines/steps/source/oracle/session.ts';
import { CONTRACT, dateColumns, VIEW_NAMES, VIEWS } from '../../schemas/contract.ts';
import { sourceNamesFile } from '../../schemas/source-names.ts';
import { oracleSyntaxProblems } from './oracle-grammar.ts';

/** Every view and every column under another name, plain, Chinese or in quotes. */
const RENAMED = resolveNames(
  sourceNamesFile.parse({
    owner: 'cms',
    views: Object.fromEntries(
      VIEWS.map((view, index) => [
        view.name,
        {
          name: index % 2 === 0 ? `"v_${view.name}"` : `PORTAL.v_${view.name}$`,
          columns: Object.fromEntries(
            view.columns.map(({ name }, at) => [
              name,
              at % 3 === 0 ? `"${name.toLowerCase()}"` : at % 3 === 1 ? `字段${at}` : `f_${at}`,
            ]),
          ),
        },
      ]),
    ),
  }),
);
const SAME = resolveNames();

function everyStatement(mapped: MappedView): OracleStatement[] {
  const extents = [
    {},
    ...[undefined, { to: '7' }, { from: '7', to: 9n }, { from: 9 }].map((range) => ({ scn: '4711', range })),
  ];
  const dates = dateColumns(CONTRACT[mapped.view]);
  const scn = '4711';
  return [
    ...extents.map((extent) => extractQuery(mapped, extent)),
    boundsQuery(mapped, { scn, range: { from: '7', to: 9n } }),
    boundsQuery(mapped, { scn }),
    ...dates.map(({ name }) => earlyRecordsQuery(mapped, name, { scn })),
    chunksQuery(mapped, 1),
    chunksQuery(mapped, 64, '4711'),
    figuresQuery(mapped),
    flashbackProbe(mapped, '4711'),
    extractProbe(mapped),
  ];
}

const WITHOUT_VIEW = [...SCN_WAYS.map(scnQuery), readOnlyStatement(), ...sessionSettings()];

describe.each(VIEW_NAMES)('%s', (view) => {
  test.each([
    ['the contract’s names', SAME[view]],
    ['a mapping', RENAMED[view]],
  ] as const)('every statement under %s is Oracle’s syntax', (_name, mapped) => {
    for (const { sql, parameters } of everyStatement(mapped)) {
      expect(oracleSyntaxProblems(sql), sql).toEqual([]);
      expect(sql.match(/:\d+/g) ?? []).toEqual(parameters.map((_, index) => `:${index + 1}`));
      // Release 11.2 has no row limiting clause, and no name of more than 30 bytes.
      expect(sql).not.toMatch(/\b(fetch|offset|lateral|apply)\b/);
      expect([...sql.matchAll(/ as "([^"]*)"/g)].filter(([, name]) => (name ?? '').length > 30)).toEqual([]);
      expect(functionsOf(sql).filter((name) => !FUNCTIONS.has(name))).toEqual([]);
    }
  });

  test('its rows come in contract order under the contract’s names', () => {
    const { columns } = CONTRACT[view];
    for (const mapped of [SAME[view], RENAMED[view]]) {
      expect(outputNames(extractQuery(mapped).sql)).toEqual(columns.map(({ name }) => name));
    }
  });

  test('its statements', () => {
    const mapped = SAME[view];
    expect({
      extract: extractQuery(mapped, { scn: '4711', range: { from: '7', to: '9' } }),
      first: extractQuery(mapped, { range: { to: '7' } })
        .sql.split(' from ')
        .at(-1),
      last: extractQuery(mapped, { range: { from: '7' } })
        .sql.split(' from ')
        .at(-1),
      bounds: boundsQuery(mapped).sql,
      early: dateColumns(CONTRACT[mapped.view])
        .slice(0, 1)
        .map(({ name }) => earlyRecordsQuery(mapped, name).sql),
      chunks: chunksQuery(mapped, 16, '4711').sql,
      figures: figuresQuery(mapped).sql,
      probe: flashbackProbe(mapped, '4711').sql,
      renamed: extractQuery(RENAMED[view]).sql,
    }).toMatchSnapshot();
  });
});

test('the statements without a view', () => {
  for (const { sql } of WITHOUT_VIEW) expect(oracleSyntaxProblems(sql), sql).toEqual([]);
  expect(WITHOUT_VIEW).toMatchSnapshot();
});

test('ranges side by side take every key once, and rows without a key in the first', () => {
  const key = fc.option(fc.integer({ min: -20, max: 20 }), { nil: null, freq: 5 });
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 60 }),
      fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { maxLength: 6 }),
      (keys, cuts) => {
        const bounds = cuts.toSorted((a, b) => a - b);
        const ranges = [undefined, ...bounds].map((from, index) => ({ from, to: bounds[index] }));
        const taken = ranges.flatMap((range) => {
          const statement = extractQuery(SAME.ARB_CLAIM, { range });
          return keys.filter((one) => isTaken(statement, one));
        });
        const order = (a: number | null, b: number | null) => (a ?? -99) - (b ?? -99);
        expect(taken.toSorted(order)).toEqual(keys.toSorted(order));
      },
    ),
  );
});

test('chunks are a whole number of at least one', () => {
  for (const chunks of [0, -1, 1.5, Number.NaN])
    expect(() => chunksQuery(SAME.ARB_CASE, chunks)).toThrow(RangeError);
});

/** The WHERE of an extraction as SQL judges it: a comparison with NULL is not true. */
function isTaken({ sql, parameters }: OracleStatement, key: number | null): boolean {
  const where = sql.split(' where ')[1];
  const value = (index: number) => Number(parameters[index]);
  switch (where) {
    case undefined:
      return true;
    case '("CLAIM_ID" < :1 or "CLAIM_ID" is null)':
      return key === null || key < value(0);
    case '"CLAIM_ID" >= :1 and "CLAIM_ID" < :2':
      return key !== null && key >= value(0) && key < value(1);
    case '"CLAIM_ID" >= :1':
      return key !== null && key >= value(0);
    default:
      throw new Error(`an unexpected WHERE: ${where}`);
  }
}

const FUNCTIONS = new Set(['to_char', 'count', 'min', 'max', 'ntile', 'over']);

/** Names before an opening parenthesis, outside of quotes. */
function functionsOf(sql: string): string[] {
  const bare = sql.replaceAll(/'[^']*'|"[^"]*"/g, '""');
  return [...bare.matchAll(/\b(\w+) ?\(/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => !['from', 'where', 'and', 'or', 'in'].includes(name));
}

/** What the columns of a select list are called, one after the other. */
function outputNames(sql: string): (string | undefined)[] {
  const [, list = ''] = /^select (.*) from "/.exec(sql) ?? [];
  return list.split(/, (?=to_char|")/).map((item) => /"([^"]+)"$/.exec(item)?.[1]);
}
