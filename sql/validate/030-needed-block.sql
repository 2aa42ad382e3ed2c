-- One row per block of 512 days that holds a date of the snapshot or of the run; 1024000 keeps blocks positive.
-- Dates beyond about the years -768 to 10457 get no calendar: no deadline of a real date lies there. The few
-- combinations of blocks (>> 9) are found first, so that a row is read once; of cases the raw ones will do.
CREATE TABLE needed_block AS
WITH case_day AS (
  SELECT
    day_number(APPLY_DATE) AS apply_day,
    day_number(ACCEPT_DATE) AS accept_day,
    day_number(COALESCE(LIMIT_START_DATE, ACCEPT_DATE)) AS limit_start_day,
    day_number(REJECT_DATE) AS reject_day,
    day_number(CLOSE_DATE) AS close_day,
    45 + CAST(COALESCE(EXTEND_DAYS, 0) AS BIGINT) + CAST(COALESCE(EXCLUDED_DAYS, 0) AS BIGINT) AS limit_days
  FROM raw_arb_case
),
case_blocks AS (
  SELECT DISTINCT
    (apply_day + 1024000) >> 9 AS applied,
    (accept_day + 1024000) >> 9 AS accepted,
    (limit_start_day + 1024000) >> 9 AS restarted,
    (reject_day + 1024000) >> 9 AS rejected,
    (close_day + 1024000) >> 9 AS closed,
    (limit_start_day + limit_days + 1024000) >> 9 AS due
  FROM case_day
),
other_blocks AS (
  SELECT DISTINCT (accept_day + 1024000) >> 9 AS first, (close_day + 1024000) >> 9 AS second FROM valid_mediation
  UNION ALL
  SELECT DISTINCT (submit_day + 1024000) >> 9, (review_day + 1024000) >> 9 FROM valid_pre_application
),
needed AS (
  SELECT unnest([applied, accepted, restarted, rejected, closed, due]) AS block FROM case_blocks
  UNION ALL
  SELECT unnest([first, second]) FROM other_blocks
  UNION ALL
  SELECT unnest([(as_of_day + 1024000) >> 9, (start_day + 1024000) >> 9, (end_day + 1024000) >> 9]) FROM parameter
)
SELECT DISTINCT block FROM needed WHERE block BETWEEN 46 AND 8054;
