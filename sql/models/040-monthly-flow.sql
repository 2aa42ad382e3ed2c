-- One row per known body and month of month_window: cases accepted and closed, for the rules on outliers.
CREATE TABLE monthly_flow AS
WITH span AS (
  SELECT MIN(start_day) AS first_day, MAX(end_day) AS last_day FROM month_window
),
daily AS (
  SELECT c.org_code, c.accept_day AS event_day, COUNT(*) AS a02, CAST(0 AS BIGINT) AS c01
  FROM case_fact c
  JOIN span s ON c.accept_day BETWEEN s.first_day AND s.last_day
  WHERE c.counted = 1
  GROUP BY c.org_code, c.accept_day
  UNION ALL
  SELECT c.org_code, c.close_day AS event_day, CAST(0 AS BIGINT) AS a02, COUNT(*) AS c01
  FROM case_fact c
  JOIN span s ON c.close_day BETWEEN s.first_day AND s.last_day
  WHERE c.counted = 1
  GROUP BY c.org_code, c.close_day
),
monthly AS (
  SELECT d.org_code, w.month_offset, SUM(d.a02) AS a02, SUM(d.c01) AS c01
  FROM daily d
  JOIN month_window w ON d.event_day BETWEEN w.start_day AND w.end_day
  GROUP BY d.org_code, w.month_offset
)
SELECT
  o.org_code,
  w.month_offset,
  CAST(COALESCE(n.a02, 0) AS BIGINT) AS a02,
  CAST(COALESCE(n.c01, 0) AS BIGINT) AS c01
FROM valid_org o
CROSS JOIN month_window w
LEFT JOIN monthly n ON n.org_code = o.org_code AND n.month_offset = w.month_offset
WHERE o.org_code IS NOT NULL;
