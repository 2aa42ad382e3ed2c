-- No rows: the generator's arithmetic. Every draw is a function of the seed, a row's number and a purpose.
-- All of it stays in whole numbers below 2^63, so that any machine and any version of the engine agree.

-- A key of 31 bits: one to one with the row's number within a kind of row, so that no two rows draw alike.
CREATE OR REPLACE TEMP MACRO demo_scatter(x) AS (xor(x, x >> 15) * 739982445) & 2147483647;
CREATE OR REPLACE TEMP MACRO demo_key(row_number_, kind) AS demo_scatter(
  xor(
    demo_scatter(
      (row_number_ + getvariable('demo_seed') * 1103515245 + kind::BIGINT * 362436069) & 2147483647
    ),
    (getvariable('demo_seed') * 69069 + kind::BIGINT * 521288629) & 2147483647
  )
);

-- A number of 31 bits. The shifts and exclusive-ors between the products matter: products alone would give two
-- purposes the same number but for a constant, and what should be independent would go together.
CREATE OR REPLACE TEMP MACRO demo_number(key, purpose) AS
  demo_scatter(demo_scatter((key + purpose::BIGINT * 1327217885) & 2147483647));

-- A number from 0 to below `bound`.
CREATE OR REPLACE TEMP MACRO demo_below(key, purpose, bound) AS (demo_number(key, purpose) * bound) >> 31;

-- Whether something with a share in permille happens.
CREATE OR REPLACE TEMP MACRO demo_chance(key, purpose, permille) AS demo_below(key, purpose, 1000) < permille;

-- One entry of a list; a code list stands in 1,000 slots.
CREATE OR REPLACE TEMP MACRO demo_pick(key, purpose, entries) AS
  entries[1 + demo_below(key, purpose, len(entries))];

-- A value of a distribution given by its 101 percentiles, on a straight line between two of them.
CREATE OR REPLACE TEMP MACRO demo_between(number, points) AS
  points[1 + ((number * 100) >> 31)]
  + (((points[2 + ((number * 100) >> 31)] - points[1 + ((number * 100) >> 31)])
      * (((number * 100) & 2147483647) >> 11)) >> 20);
CREATE OR REPLACE TEMP MACRO demo_quantile(key, purpose, points) AS demo_between(demo_number(key, purpose),
  points);

-- Wall-clock time of a day number and seconds after midnight.
CREATE OR REPLACE TEMP MACRO demo_time(day_number, seconds) AS
  make_timestamp((day_number::BIGINT * 86400 + seconds) * 1000000);

-- Yuan from fen, exactly.
CREATE OR REPLACE TEMP MACRO demo_yuan(fen) AS
  CAST(CAST(fen AS DECIMAL(18, 0)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2));

-- YYYYMMDD of a day number, as a number.
CREATE OR REPLACE TEMP MACRO demo_ymd(day_number) AS
  year(DATE '1970-01-01' + day_number::INTEGER) * 10000
  + month(DATE '1970-01-01' + day_number::INTEGER) * 100
  + day(DATE '1970-01-01' + day_number::INTEGER);

-- The citizen number (GB 11643) whose first 17 digits are given.
CREATE OR REPLACE TEMP MACRO demo_citizen_number(n) AS n::VARCHAR || substr('10X98765432', 1 + ((
    n // 10000000000000000 * 7 + n // 1000000000000000 % 10 * 9 + n // 100000000000000 % 10 * 10
    + n // 10000000000000 % 10 * 5 + n // 1000000000000 % 10 * 8 + n // 100000000000 % 10 * 4
    + n // 10000000000 % 10 * 2 + n // 1000000000 % 10 + n // 100000000 % 10 * 6 + n // 10000000 % 10 * 3
    + n // 1000000 % 10 * 7 + n // 100000 % 10 * 9 + n // 10000 % 10 * 10 + n // 1000 % 10 * 5
    + n // 100 % 10 * 8 + n // 10 % 10 * 4 + n % 10 * 2
  ) % 11)::BIGINT, 1);
