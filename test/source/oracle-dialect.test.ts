/** The dialect: Oracle's SQL for each kind of statement, refusals of what Oracle lacks, and a session behind Kysely. */
import fc from 'fast-check';
import { type Generated, Kysely, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { compilingDialect } from '../../pipelines/steps/source/oracle/dialect.ts';
import { OracleQueryCompiler } from '../../pipelines/steps/source/oracle/query-compiler.ts';
import { oracleSyntaxProblems } from './oracle-grammar.ts';

interface Tables {
  CASES: { ID: string; NAME: string | null; AMOUNT: string | null; OPEN: Generated<number> };
  NEWS: { ID: string; NAME: string | null };
}
const db = new Kysely<Tables>({ dialect: compilingDialect() });

const compiled: readonly (readonly [
  name: string,
  query: { compile(): { sql: string; parameters: readonly unknown[] } },
  sql: string,
  parameters?: readonly unknown[],
])[] = [
  [
    'a select',
    db.selectFrom('CASES').select(['ID', 'NAME as TITLE']).where('ID', '=', '7'),
    'select "ID", "NAME" as "TITLE" from "CASES" where "ID" = :1',
    ['7'],
  ],
  ['an alias of a table', db.selectFrom('CASES as C').select('C.ID'), 'select "C"."ID" from "CASES" "C"'],
  ['a schema', db.withSchema('ARB').selectFrom('CASES').select('ID'), 'select "ID" from "ARB"."CASES"'],
  [
    'a join',
    db.selectFrom('CASES as C').leftJoin('NEWS as N', 'N.ID', 'C.ID').select('N.NAME'),
    'select "N"."NAME" from "CASES" "C" left join "NEWS" "N" on "N"."ID" = "C"."ID"',
  ],
  [
    'a subquery',
    db.selectFrom((eb) => eb.selectFrom('CASES').select('ID').as('X')).select('X.ID'),
    'select "X"."ID" from (select "ID" from "CASES") "X"',
  ],
  [
    'a scalar subquery',
    db.selectFrom('CASES').select((eb) =>
      eb
        .selectFrom('NEWS')
        .select((one) => one.fn.countAll().as('N'))
        .as('NEWS_COUNT'),
    ),
    'select (select count(*) as "N" from "NEWS") as "NEWS_COUNT" from "CASES"',
  ],
  ['no table', db.selectNoFrom((eb) => eb.lit(1).as('ONE')), 'select 1 as "ONE" from dual'],
  [
    'a limit',
    db.selectFrom('CASES').select('ID').orderBy('ID').limit(5),
    'select "ID" from "CASES" order by "ID" fetch first :1 rows only',
    [5],
  ],
  [
    'a limit and an offset',
    db.selectFrom('CASES').select('ID').orderBy('ID').limit(5).offset(10),
    'select "ID" from "CASES" order by "ID" offset :1 rows fetch first :2 rows only',
    [10, 5],
  ],
  [
    'an offset',
    db.selectFrom('CASES').select('ID').offset(10),
    'select "ID" from "CASES" offset :1 rows',
    [10],
  ],
  [
    'fetch',
    db.selectFrom('CASES').select('ID').fetch(3, 'with ties'),
    'select "ID" from "CASES" fetch first :1 rows with ties',
    [3],
  ],
  [
    'a common table',
    db
      .with('X', (q) => q.selectFrom('NEWS').select('ID'))
      .selectFrom('X')
      .select('X.ID'),
    'with "X" as (select "ID" from "NEWS") select "X"."ID" from "X"',
  ],
  [
    'a recursive one',
    db
      .withRecursive('X', (q) => q.selectFrom('NEWS').select('ID'))
      .selectFrom('X')
      .select('X.ID'),
    'with "X" as (select "ID" from "NEWS") select "X"."ID" from "X"',
  ],
  [
    'except',
    db.selectFrom('CASES').select('ID').except(db.selectFrom('NEWS').select('ID')),
    'select "ID" from "CASES" minus select "ID" from "NEWS"',
  ],
  [
    'union all',
    db.selectFrom('CASES').select('ID').unionAll(db.selectFrom('NEWS').select('ID')),
    'select "ID" from "CASES" union all select "ID" from "NEWS"',
  ],
  [
    'a boolean value',
    db
      .selectFrom('CASES')
      .select('ID')
      .where('OPEN', '=', true as never),
    'select "ID" from "CASES" where "OPEN" = :1',
    [1],
  ],
  [
    'a boolean literal',
    db.selectFrom('CASES').select(sql.lit(false).as('NO')),
    'select 0 as "NO" from "CASES"',
  ],
  [
    'for update',
    db.selectFrom('CASES').select('ID').forUpdate().noWait(),
    'select "ID" from "CASES" for update nowait',
  ],
  [
    'an insert',
    db.insertInto('NEWS').values({ ID: '1', NAME: null }),
    'insert into "NEWS" ("ID", "NAME") values (:1, :2)',
    ['1', null],
  ],
  [
    'an insert of several rows',
    db.insertInto('NEWS').values([
      { ID: '1', NAME: 'a' },
      { ID: '2', NAME: 'b' },
    ]),
    'insert all into "NEWS" ("ID", "NAME") values (:1, :2) into "NEWS" ("ID", "NAME") values (:3, :4) select 1 from dual',
    ['1', 'a', '2', 'b'],
  ],
  [
    'an insert of a query',
    db.insertInto('NEWS').columns(['ID']).expression(db.selectFrom('CASES').select('ID')),
    'insert into "NEWS" ("ID") select "ID" from "CASES"',
  ],
  [
    'an update',
    db.updateTable('NEWS').set({ NAME: 'x' }).where('ID', 'in', ['1', '2']),
    'update "NEWS" set "NAME" = :1 where "ID" in (:2, :3)',
    ['x', '1', '2'],
  ],
  [
    'an update with an alias',
    db.updateTable('NEWS as N').set({ NAME: 'x' }).where('N.ID', '=', '1'),
    'update "NEWS" "N" set "NAME" = :1 where "N"."ID" = :2',
    ['x', '1'],
  ],
  ['a delete', db.deleteFrom('NEWS').where('ID', 'is', null), 'delete from "NEWS" where "ID" is null'],
  [
    'a merge',
    db
      .mergeInto('CASES as C')
      .using('NEWS as N', 'C.ID', 'N.ID')
      .whenMatched()
      .thenUpdateSet({ NAME: 'x' })
      .whenNotMatched()
      .thenInsertValues((eb) => ({ ID: eb.ref('N.ID'), NAME: eb.ref('N.NAME') })),
    'merge into "CASES" "C" using "NEWS" "N" on ("C"."ID" = "N"."ID") when matched then update set "NAME" = :1 when not matched then insert ("ID", "NAME") values ("N"."ID", "N"."NAME")',
    ['x'],
  ],
  [
    'a merge of a query',
    db
      .mergeInto('CASES as C')
      .using(db.selectNoFrom((eb) => [eb.val('1').as('ID'), eb.val('x').as('NAME')]).as('N'), (join) =>
        join.onRef('C.ID', '=', 'N.ID'),
      )
      .whenNotMatched()
      .thenInsertValues((eb) => ({ ID: eb.ref('N.ID') })),
    'merge into "CASES" "C" using (select :1 as "ID", :2 as "NAME" from dual) "N" on ("C"."ID" = "N"."ID") when not matched then insert ("ID") values ("N"."ID")',
    ['1', 'x'],
  ],
];

describe('compiles', () => {
  test.each(compiled.map((one) => ({ name: one[0], query: one[1], text: one[2], parameters: one[3] ?? [] })))(
    '$name',
    ({ query, text, parameters }) => {
      const result = query.compile();
      expect(result.sql).toBe(text);
      expect(result.parameters).toEqual(parameters);
      expect(oracleSyntaxProblems(result.sql)).toEqual([]);
    },
  );

  test('every table of a statement as of one moment, and dual as it is', () => {
    const then = new Kysely<Tables>({ dialect: compilingDialect({ asOfScn: '4711' }) });
    const query = then
      .selectFrom('CASES as C')
      .innerJoin('NEWS', 'NEWS.ID', 'C.ID')
      .where('C.ID', 'in', then.withSchema('ARB').selectFrom('NEWS').select('ID'))
      .select((eb) => ['C.ID', then.selectNoFrom(eb.lit(1).as('ONE')).as('ONE')])
      .compile();
    expect(query.sql).toBe(
      'select "C"."ID", (select 1 as "ONE" from dual) as "ONE" from "CASES" as of scn 4711 "C" inner join "NEWS" as of scn 4711 on "NEWS"."ID" = "C"."ID" where "C"."ID" in (select "ID" from "ARB"."NEWS" as of scn 4711)',
    );
    expect(oracleSyntaxProblems(query.sql)).toEqual([]);
  });
});

const many = Array.from({ length: 1001 }, (_, index) => String(index));
const refused: readonly (readonly [name: string, build: () => unknown])[] = [
  ['distinct on', () => db.selectFrom('CASES').distinctOn('ID').select('ID').compile()],
  ['for share', () => db.selectFrom('CASES').select('ID').forShare().compile()],
  ['ilike', () => db.selectFrom('CASES').select('ID').where('NAME', 'ilike', 'x').compile()],
  ['an empty list', () => db.selectFrom('CASES').select('ID').where('ID', 'in', []).compile()],
  ['a list of 1001', () => db.selectFrom('CASES').select('ID').where('ID', 'in', many).compile()],
  ['returning', () => db.insertInto('NEWS').values({ ID: '1' }).returning('ID').compile()],
  [
    'on conflict',
    () =>
      db
        .insertInto('NEWS')
        .values({ ID: '1' })
        .onConflict((on) => on.doNothing())
        .compile(),
  ],
  ['replace', () => db.replaceInto('NEWS').values({ ID: '1' }).compile()],
  ['default values', () => db.insertInto('NEWS').defaultValues().compile()],
  ['update from', () => db.updateTable('NEWS').from('CASES').set({ NAME: 'x' }).compile()],
  ['delete using', () => db.deleteFrom('NEWS').using('CASES').compile()],
  ['delete limit', () => db.deleteFrom('NEWS').limit(1).compile()],
  [
    'a merge that deletes',
    () => db.mergeInto('CASES').using('NEWS', 'CASES.ID', 'NEWS.ID').whenMatched().thenDelete().compile(),
  ],
  [
    'a merge with a condition',
    () =>
      db
        .mergeInto('CASES')
        .using('NEWS', 'CASES.ID', 'NEWS.ID')
        .whenMatchedAnd('CASES.OPEN', '=', 1)
        .thenUpdateSet({ OPEN: 0 })
        .compile(),
  ],
  [
    'a Date',
    () =>
      db
        .selectFrom('CASES')
        .select('ID')
        .where('ID', '=', new Date(0) as never)
        .compile(),
  ],
  ['NaN', () => db.selectFrom('CASES').select('ID').where('OPEN', '=', Number.NaN).compile()],
  ['undefined', () => sql`select ${sql.val(undefined)} from dual`.compile(db)],
  ['a quote in a name', () => db.selectFrom('CASES').select(sql.ref('A"B').as('X')).compile()],
  ['a semicolon', () => sql`select 1 from dual; drop table x`.compile(db)],
  ['no SCN', () => new OracleQueryCompiler({ asOfScn: '1 or 1 = 1' })],
];

test.each(refused)('refuses %s', (_name, build) => {
  expect(build).toThrow(ArbdataError);
  expect(build).toThrow(/^Oracle's SQL does not have /);
});

test('no value reaches the text of a statement', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.maxSafeInteger(), (name, amount) => {
      const query = db.updateTable('CASES').set({ NAME: name }).where('OPEN', '=', amount).compile();
      expect(query.sql).toBe('update "CASES" set "NAME" = :1 where "OPEN" = :2');
      expect(query.parameters).toEqual([name, amount]);
    }),
  );
});

test('a literal text stays one literal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const query = db.selectNoFrom(sql.lit(text).as('X')).compile();
      expect(query.sql).toBe(`select '${text.replaceAll("'", "''")}' as "X" from dual`);
    }),
  );
});
