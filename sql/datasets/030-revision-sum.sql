-- One row per body that the revision statement touches: the signed sums over its cases.
CREATE TABLE revision_sum AS
WITH signed AS (
  SELECT
    old_org_code AS org_code,
    CAST(-old_open AS BIGINT) AS open_delta,
    CAST(-old_accepted AS BIGINT) AS accepted_delta,
    CAST(-old_closed AS BIGINT) AS closed_delta,
    CAST(-old_rejected AS BIGINT) AS rejected_delta
  FROM revision
  WHERE is_new = 0
  UNION ALL
  SELECT
    new_org_code,
    CAST(new_open AS BIGINT),
    CAST(new_accepted AS BIGINT),
    CAST(new_closed AS BIGINT),
    CAST(new_rejected AS BIGINT)
  FROM revision
  WHERE is_gone = 0
)
SELECT
  org_code,
  SUM(open_delta) AS open_delta,
  SUM(accepted_delta) AS accepted_delta,
  SUM(closed_delta) AS closed_delta,
  SUM(rejected_delta) AS rejected_delta
FROM signed
GROUP BY org_code;
