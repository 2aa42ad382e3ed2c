/** The syntax check itself: what Oracle takes passes, what Oracle refuses does not. */
import { describe, expect, test } from 'vitest';
import { oracleSyntaxProblems } from './oracle-grammar.ts';

describe('Oracle’s syntax', () => {
  test.each([
    'select 1 from dual',
    'select 1 from "A" cross join "B"',
    'select "A", to_char("D", \'YYYY-MM-DD HH24:MI:SS.FF6\') as "D" from "ARB"."V" as of scn 17 where "K" >= :1',
    'select * from "T" fetch first 10 rows only',
    'select * from "T" order by 1 offset 5 rows fetch next 10 rows only',
    'select min("K") from (select "K", ntile(4) over (order by "K") as "N" from "T" as of scn 1) "X" group by "N"',
    'merge into "T" "A" using "S" "B" on ("A"."X" = "B"."X") when matched then update set "Y" = :1 when not matched then insert ("X") values (:2)',
    'insert all into "T" ("A") values (:1) into "T" ("A") values (:2) select 1 from dual',
    'update "T" "X" set "A" = :1 where "B" in (:2, :3)',
    'with "X" as (select 1 as "A" from dual) select * from "X"',
    'select "A" from "T" where "D" < date \'0001-01-01\' and rownum <= 5',
    'set transaction read only',
    "alter session set time_zone = 'Asia/Shanghai'",
    'alter session set nls_sort = binary',
    'grant read on "ARB"."ARB_CASE" to "READER"',
    'revoke insert, update on "ARB"."ARB_CASE" from "READER"',
    'revoke insert any table from reader',
    'alter system set undo_retention = 7200 scope = both',
    'create profile p limit sessions_per_user 4 password_life_time unlimited',
    'create or replace view v as select a from t with read only',
  ])('takes %s', (sql) => {
    expect(oracleSyntaxProblems(sql)).toEqual([]);
  });

  test.each([
    'select 1 from "T" limit 5',
    'select 1 from "T" as "X"',
    'select "A" from (select 1 as "A" from dual) as "X"',
    'insert into "T" ("A") values (1), (2)',
    'select 1 from dual;',
    'select 1 from dual; select 2 from dual',
    'select 1 from dual select 2 from dual',
    'select 1',
    'select true from dual',
    'select "A" from "T" where "B" = ?',
    'select "A" from "T" where "B" = $1',
    'select "A" from "T" where "B" = :name',
    'merge into "T" using "S" on "T"."A" = "S"."A" when matched then update set "B" = 1',
    'select top 5 "A" from "T"',
    'select "A"::int from "T"',
    'select `A` from "T"',
    'insert into "T" ("A") values (:1) returning "A"',
    'insert into "T" default values',
    'delete from "T" using "S" where "T"."A" = "S"."A"',
    'update "T" set "A" = 1 from "S"',
    'select "A" from "T" inner join "S"',
    'select distinct on ("A") "A" from "T"',
    'select count(*) filter (where "A" = 1) from "T"',
    'select "A" from "T" as of scn',
    'select "A" from "T" where "A" in ()',
    'select "A" from "T" where "B" is true',
    'create table if not exists "T" ("A" number)',
    'drop table if exists "T"',
    'grant select on "A", "B" to "C"',
    'start transaction read only',
    'begin',
    'select "A" from "T" offset 5 limit 3',
    'revoke insert on "A" to "B"',
    'alter system set undo_retention = 7200, 2',
    '',
  ])('refuses %s', (sql) => {
    expect(oracleSyntaxProblems(sql)).not.toEqual([]);
  });
});
