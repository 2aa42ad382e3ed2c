-- One row per known body that breaks V048: it closed no case in the month, or a number outside the
-- mean ± 3 sample standard deviations of the 12 months before. Those months exist when the source has
-- a counted acceptance in or before the first of them; a month of zero cases is judged always. With x
-- the month's number, S the sum and Q the sum of squares of the 12 others, |x - mean| > 3 s is 11 (12
-- x - S)^2 > 108 (12 Q - S^2), exact in whole numbers.
WITH history AS (
  SELECT
    org_code,
    sum(CAST(c01 AS HUGEINT)) AS total,
    sum(CAST(c01 AS HUGEINT) * c01) AS squares,
    string_agg(CAST(c01 AS VARCHAR), '、' ORDER BY month_offset) AS months
  FROM monthly_flow
  WHERE month_offset BETWEEN -12 AND -1
  GROUP BY org_code
  HAVING count(*) = 12
    AND EXISTS (
      SELECT 1 FROM case_fact f JOIN month_window w ON w.month_offset = -12
      WHERE f.counted = 1 AND f.accept_day <= w.end_day)
)
SELECT
  n.org_code AS record_key,
  n.org_code,
  ['C01'] AS field,
  [CAST(n.c01 AS VARCHAR)] AS value,
  COALESCE(h.months, '不足12个月') AS related
FROM monthly_flow n
LEFT JOIN history h ON h.org_code = n.org_code
WHERE n.month_offset = 0
  AND (n.c01 = 0
    OR 11 * (12 * CAST(n.c01 AS HUGEINT) - h.total) * (12 * CAST(n.c01 AS HUGEINT) - h.total)
      > 108 * (12 * h.squares - h.total * h.total));
