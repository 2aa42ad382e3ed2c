-- No rows: functions that the validation uses, one purpose each.

-- Days since 1970-01-01 of the date part; Oracle's DATE carries a time of day that never counts. Half the memory of a BIGINT.
CREATE MACRO day_number(moment) AS CAST(CAST(moment AS DATE) - DATE '1970-01-01' AS INTEGER);

-- A day number as a date, and as YYYY-MM-DD.
CREATE MACRO day_date(day) AS DATE '1970-01-01' + CAST(day AS INTEGER);
CREATE MACRO day_text(day) AS CAST(day_date(day) AS VARCHAR);

-- How a record is named; rows without a key share one name.
CREATE MACRO record_name(key) AS COALESCE(CAST(key AS VARCHAR), '（空）');

-- The bit of a whole number within its block of 64, which is the number >> 6: blocks of bits tell numbers apart, exactly and
-- several times as fast as the numbers themselves.
CREATE MACRO bit_of(number) AS CAST(1 AS UBIGINT) << CAST(number & 63 AS UBIGINT);

-- Only '1' says that the business removed a row; an empty or odd mark does not. The valid tables hold it as a column; the
-- function also answers for what belongs to no row.
CREATE MACRO is_undeleted(mark) AS mark IS DISTINCT FROM '1';

-- GB 11643-1999 (ISO 7064 MOD 11-2): the check character that belongs to the first 17 digits, given as a number. Digit k
-- from the right has the weight 2^(k+1) modulo 11. Four digits at a time are looked up in residues: the sum of
-- digit(k) * 2^k for every number of up to four digits, of which digit_residues() is the list.
CREATE MACRO digit_residues() AS TABLE
  SELECT list(part - 8 * (part // 10 + part // 100 * 2 + part // 1000 * 4) ORDER BY part) AS residues
  FROM (SELECT CAST(unnest(range(10000)) AS INTEGER) AS part);
CREATE MACRO citizen_check_character(n, residues) AS ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][1 + 2 * (
    residues[1 + n % 10000] + residues[1 + n // 10000 % 10000] * 5 + residues[1 + n // 100000000 % 10000] * 3
    + residues[1 + n // 1000000000000 % 10000] * 4 + residues[1 + n // 10000000000000000] * 9) % 11];

-- The day number of a date given by its parts, NULL when it is not a real one. make_date fails on parts that are none;
-- nothing but a THEN keeps the engine from looking at it.
CREATE MACRO real_day(year, month, day) AS
  CASE WHEN year > 0 AND month BETWEEN 1 AND 12 THEN
    CASE WHEN day BETWEEN 1 AND 28 THEN make_date(year, month, day) - DATE '1970-01-01'
      WHEN day BETWEEN 29 AND 31 THEN
        CASE WHEN date_part('month', make_date(year, month, 1) + day - 1) = month
          THEN make_date(year, month, 1) + day - 1 - DATE '1970-01-01' END END END;

-- The birth day number in a text of the form of a citizen number, NULL when it is not a real date.
-- strptime also takes the year 0000, which is none.
CREATE MACRO citizen_birth_day(id) AS
  CASE WHEN substr(id, 7, 4) <> '0000' THEN day_number(try_strptime(substr(id, 7, 8), '%Y%m%d')) END;

-- The gender in a valid citizen number: its digit before the last.
CREATE MACRO citizen_gender(id) AS CASE WHEN ord(substr(id, 17, 1)) % 2 = 1 THEN '1' ELSE '2' END;

-- Province codes of GB/T 2260, with 83: the residence permits of Taiwan residents carry it as a citizen number.
CREATE MACRO is_province(code) AS code IN (
  11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
  50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83);

-- GB 32100-2015: the value of one character of a unified social credit code, 0 to 30: its place among the digits and
-- letters without I, O, S, V, Z.
CREATE MACRO credit_value(id, place) AS
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 10, 11, 12, 13, 14, 15, 16, 17, NULL, 18, 19,
    20, 21, 22, NULL, 23, 24, 25, NULL, 26, 27, NULL, 28, 29, 30][ord(substr(id, place, 1)) - 47];

-- GB 32100-2015: whether a text is a unified social credit code (18 characters, alphabet, check character).
-- The weights are the powers of 3 modulo 31.
CREATE MACRO is_credit_code(id) AS
  regexp_full_match(id, '[0-9A-HJ-NP-RT-UW-Y]{18}')
  AND (credit_value(id, 1) + credit_value(id, 2) * 3 + credit_value(id, 3) * 9 + credit_value(id, 4) * 27
    + credit_value(id, 5) * 19 + credit_value(id, 6) * 26 + credit_value(id, 7) * 16 + credit_value(id, 8) * 17
    + credit_value(id, 9) * 20 + credit_value(id, 10) * 29 + credit_value(id, 11) * 25 + credit_value(id, 12) * 13
    + credit_value(id, 13) * 8 + credit_value(id, 14) * 24 + credit_value(id, 15) * 10 + credit_value(id, 16) * 30
    + credit_value(id, 17) * 28 + credit_value(id, 18)) % 31 = 0;

-- Full years of age on a day: the birthday of 29 February falls on 1 March in common years.
CREATE MACRO age_on(birth_day, day) AS
  date_part('year', day_date(day)) - date_part('year', day_date(birth_day))
  - CASE WHEN strftime(day_date(day), '%m%d') < strftime(day_date(birth_day), '%m%d') THEN 1 ELSE 0 END;

-- Whether a number given for an organisation may be a person's: when in doubt it is masked.
CREATE MACRO may_name_person(kind, id) AS
  kind IS DISTINCT FROM '2' OR COALESCE(regexp_matches(id, '[0-9]{11}'), FALSE);

-- The keys of at most five other members of a group, with their number where there are more.
CREATE MACRO others_text(keys, own_key, member_count) AS
  array_to_string(list_slice(list_filter(list_slice(keys, 1, 6), lambda k: k <> own_key), 1, 5), '、')
  || CASE WHEN member_count > 6 THEN '等' || CAST(member_count - 1 AS VARCHAR) || '件' ELSE '' END;
