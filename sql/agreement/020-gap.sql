-- One row per pair, figure, body and case that one of the two counts and the other does not (or not so often: records
-- without a key share one name). The unit is the case at its body: one that moved is left over on both bodies.
-- Over member and side_source.
CREATE TABLE gap AS
WITH pair AS (
  SELECT l.side || '-' || r.side AS pair, l.side AS left_side, r.side AS right_side
  FROM side_source l
  JOIN side_source r ON l.position < r.position
),
signed AS (
  SELECT p.pair, p.left_side, p.right_side, m.figure, m.org_code, m.case_key,
    CASE WHEN m.side = p.left_side THEN m.n ELSE -m.n END AS n
  FROM pair p
  JOIN member m ON m.side = p.left_side OR m.side = p.right_side
),
summed AS (
  SELECT pair, left_side, right_side, figure, org_code, case_key, CAST(SUM(n) AS BIGINT) AS delta
  FROM signed
  GROUP BY pair, left_side, right_side, figure, org_code, case_key
)
SELECT
  pair,
  figure,
  org_code,
  case_key,
  delta,
  CASE WHEN delta > 0 THEN left_side ELSE right_side END AS in_side,
  CASE WHEN delta > 0 THEN right_side ELSE left_side END AS out_side
FROM summed
WHERE delta <> 0;
