-- One row per known body and month of month_window: cases accepted and closed, for the rules on outliers.
CREATE TABLE monthly_flow AS
WITH event AS (
  SELECT org_code, accept_day AS event_day, 1 AS is_acceptance FROM case_fact WHERE counted = 1
  UNION ALL
  SELECT org_code, close_day AS event_day, 0 AS is_acceptance FROM case_fact
  WHERE counted = 1 AND close_day IS NOT NULL
),
counted_event AS (
  SELECT
    e.org_code,
    w.month_offset,
    SUM(CASE WHEN e.is_acceptance = 1 THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END) AS a02,
    SUM(CASE WHEN e.is_acceptance = 0 THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END) AS c01
  FROM event e
  JOIN month_window w ON e.event_day BETWEEN w.start_day AND w.end_day
  GROUP BY e.org_code, w.month_offset
)
SELECT
  o.org_code,
  w.month_offset,
  CAST(COALESCE(n.a02, 0) AS BIGINT) AS a02,
  CAST(COALESCE(n.c01, 0) AS BIGINT) AS c01
FROM valid_org o
CROSS JOIN month_window w
LEFT JOIN counted_event n ON n.org_code = o.org_code AND n.month_offset = w.month_offset
WHERE o.org_code IS NOT NULL;
