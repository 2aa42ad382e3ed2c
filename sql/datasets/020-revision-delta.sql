-- One row per record, body, span and indicator whose contribution differs from what was published: the members of
-- the published figures (old_member) against those of the same figures today (new_member). span: stock, month, ytd.
CREATE TABLE revision_delta AS
WITH signed AS (
  SELECT is_mediation, record_id, org_code, span, indicator_id, CAST(-quantity AS DECIMAL(18, 2)) AS delta
  FROM old_member
  UNION ALL
  SELECT is_mediation, record_id, org_code, span, indicator_id, CAST(quantity AS DECIMAL(18, 2)) AS delta
  FROM new_member
)
SELECT is_mediation, record_id, org_code, span, indicator_id, SUM(delta) AS delta
FROM signed
GROUP BY is_mediation, record_id, org_code, span, indicator_id
HAVING SUM(delta) <> 0;
