-- One row per body and month: how many cases, mediations and unlinked pre-applications, and their first
-- numbers.
CREATE OR REPLACE TEMP TABLE demo_body_month AS
WITH weighed AS (
  SELECT
    b.body_number,
    m.month_number,
    m.first_day,
    m.days,
    m.first_open_position,
    m.open_days,
    b.mood,
    m.month_number = getvariable('demo_months') - 1 AS is_last,
    demo_key(m.month_number * 4096 + b.body_number, 1) AS key,
    b.weight * m.weight
      * (92 + demo_below(demo_key(m.month_number * 4096 + b.body_number, 1), 1, 17)) AS weight
  FROM demo_body b
  CROSS JOIN demo_month m
),
total AS (
  SELECT sum(weight)::BIGINT AS weight FROM weighed
),
counted AS (
  -- A draw instead of rounding: small bodies keep their share.
  SELECT
    w.*,
    (getvariable('demo_cases') * w.weight + demo_below(w.key, 2, 1000) * (t.weight // 1000)) // t.weight
      AS cases,
    (getvariable('demo_mediations') * w.weight + demo_below(w.key, 3, 1000) * (t.weight // 1000)) // t.weight
      AS mediations,
    (getvariable('demo_unlinked') * w.weight + demo_below(w.key, 4, 1000) * (t.weight // 1000)) // t.weight
      AS unlinked
  FROM weighed w
  CROSS JOIN total t
),
moody AS (
  SELECT
    * REPLACE (
      CASE
        WHEN is_last AND mood = 'crowded' THEN cases * 4 + 20
        WHEN is_last AND mood = 'silent' THEN 0
        ELSE cases
      END AS cases
    )
  FROM counted
),
numbered AS (
  SELECT
    *,
    sum(cases) OVER earlier - cases AS first_case,
    sum(mediations) OVER earlier - mediations AS first_mediation,
    sum(unlinked) OVER earlier - unlinked AS first_unlinked
  FROM moody
  WINDOW earlier AS (ORDER BY month_number, body_number)
)
SELECT
  body_number,
  month_number,
  mood,
  first_day,
  days,
  first_open_position,
  open_days,
  cases,
  first_case::BIGINT AS first_case,
  mediations,
  first_mediation::BIGINT AS first_mediation,
  unlinked,
  first_unlinked::BIGINT AS first_unlinked,
  -- A person who comes back does so two months later, far beyond the seven days of V029.
  lag(cases, 2) OVER of_body AS earlier_cases,
  lag(first_case::BIGINT, 2) OVER of_body AS first_earlier_case,
  lag(first_day, 2) OVER of_body AS earlier_first_day
FROM numbered
WINDOW of_body AS (PARTITION BY body_number ORDER BY month_number)
ORDER BY month_number, body_number;

-- One row per body: its slice (bodies of together about 200,000 cases) and its range of firms.
CREATE OR REPLACE TEMP TABLE demo_body_range AS
WITH body AS (
  SELECT body_number, sum(cases)::BIGINT AS cases FROM demo_body_month GROUP BY body_number
),
ranged AS (
  SELECT
    body_number,
    cases,
    greatest(25, cases // 4) AS firms,
    sum(cases) OVER (ORDER BY body_number) - cases AS cases_before,
    sum(greatest(25, cases // 4)) OVER (ORDER BY body_number) - greatest(25, cases // 4) AS first_firm
  FROM body
)
SELECT
  body_number,
  cases,
  firms,
  first_firm::BIGINT AS first_firm,
  dense_rank() OVER (ORDER BY cases_before // 200000) - 1 AS slice
FROM ranged;
