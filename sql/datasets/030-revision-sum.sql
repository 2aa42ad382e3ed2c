-- One row per body, span and indicator that the revision statement touches: the signed sum over its records.
CREATE TABLE revision_sum AS
SELECT org_code, span, indicator_id, SUM(delta) AS delta
FROM revision_delta
GROUP BY org_code, span, indicator_id;
