-- One row per case of the slice: when, how and by whom it was applied for, and what it is about.
CREATE OR REPLACE TEMP TABLE demo_case_number AS
SELECT
  m.body_number,
  m.month_number,
  m.mood,
  m.first_day,
  m.days,
  m.first_open_position,
  m.open_days,
  m.cases,
  m.earlier_cases,
  m.first_earlier_case,
  m.earlier_first_day,
  r.first_firm,
  r.firms,
  m.first_case,
  unnest(range(m.cases)) AS position
FROM demo_body_month m
JOIN demo_body_range r ON r.body_number = m.body_number
WHERE r.slice = getvariable('demo_slice');

CREATE OR REPLACE TEMP TABLE demo_case_start AS
WITH keyed AS (
  SELECT
    *,
    getvariable('demo_first_case_id') + first_case + position AS case_id,
    demo_key(first_case + position, 3) AS key
  FROM demo_case_number
),
drawn AS (
  SELECT
    *,
    demo_chance(key, 1, getvariable('demo_permille').deleted) AS is_deleted,
    demo_chance(key, 2, getvariable('demo_online_permille')) AS from_portal,
    CASE WHEN demo_chance(key, 3, getvariable('demo_permille').employerApplies) THEN '2' ELSE '1' END
      AS applicant_side,
    CASE
      WHEN position < earlier_cases AND demo_chance(key, 4, getvariable('demo_permille').repeatedPerson)
        THEN first_earlier_case + position
    END AS earlier_case,
    -- Applications spread over the month's open days in the order of their numbers.
    getvariable('demo_office_days')[
      first_open_position + (position * open_days + demo_below(key, 5, open_days)) // cases
    ] AS open_day,
    CASE
      WHEN demo_chance(key, 6, getvariable('demo_permille').collective) THEN 10
      WHEN demo_chance(key, 7, getvariable('demo_permille').severalWorkers) THEN 2
      ELSE 1
    END AS group_kind,
    demo_pick(key, 8, getvariable('demo_claim_count'))::BIGINT AS claim_count
  FROM keyed
),
employed AS (
  SELECT
    *,
    -- Some firms have many cases: the square of an even draw. A person who comes back often sues the same
    -- firm again.
    (demo_number(firm_key, 9) * demo_number(firm_key, 9) >> 31) * firms >> 31 AS firm_position,
    CASE group_kind
      WHEN 10 THEN demo_quantile(key, 10, getvariable('demo_collective_workers'))
      WHEN 2 THEN 2 + (demo_below(key, 10, 8) * demo_below(key, 11, 8) // 8)
      ELSE 1
    END AS worker_count,
    -- Applications on a Saturday or Sunday come in through the portal or by post, if the
    -- month still has the day.
    CASE
      WHEN demo_chance(key, 12, getvariable('demo_permille').weekendApplication)
        AND open_day + 7 - isodow(DATE '1970-01-01' + open_day::INTEGER) < first_day + days
        THEN open_day + 7 - isodow(DATE '1970-01-01' + open_day::INTEGER) - demo_below(key, 13, 2)
      ELSE open_day
    END AS apply_day
  FROM (
    SELECT
      *,
      CASE
        WHEN earlier_case IS NOT NULL AND demo_chance(key, 14, 500) THEN demo_key(earlier_case, 3)
        ELSE key
      END AS firm_key
    FROM drawn
  )
)
SELECT
  case_id,
  body_number,
  mood,
  key,
  is_deleted,
  from_portal AND NOT is_deleted AS is_online,
  CASE
    WHEN from_portal AND NOT is_deleted THEN '2'
    WHEN apply_day <> open_day OR demo_chance(key, 15, getvariable('demo_permille').mailed) THEN '3'
    ELSE '1'
  END AS apply_channel,
  apply_day,
  applicant_side,
  worker_count,
  claim_count,
  first_firm,
  firms,
  first_firm + firm_position AS firm_id,
  coalesce(earlier_case, case_id - getvariable('demo_first_case_id')) AS worker_number,
  CASE WHEN earlier_case IS NULL THEN first_day ELSE earlier_first_day END AS worker_reference_day,
  earlier_case
FROM employed;
