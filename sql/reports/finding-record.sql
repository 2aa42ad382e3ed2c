-- One row per finding of a run (view finding_file), with the number of the case that it belongs to.
-- The keys are typed first, so that each join is one of equal keys.
WITH keyed AS (
  SELECT
    *,
    CASE WHEN scope = 'ARB_CASE' THEN TRY_CAST(record_key AS BIGINT) END AS case_key,
    CASE WHEN scope = 'ARB_PARTY' THEN TRY_CAST(record_key AS BIGINT) END AS party_key,
    CASE WHEN scope = 'ARB_CLAIM' THEN TRY_CAST(record_key AS BIGINT) END AS claim_key,
    CASE WHEN scope = 'PRE_APPLICATION' THEN record_key END AS pre_app_key
  FROM finding_file
),
placed AS (
  SELECT k.*, COALESCE(k.case_key, p.case_id, q.case_id) AS of_case, a.case_no AS pre_app_case_no
  FROM keyed k
  LEFT JOIN valid_party p ON p.party_id = k.party_key
  LEFT JOIN valid_claim q ON q.claim_id = k.claim_key
  LEFT JOIN valid_pre_application a ON a.pre_app_id = k.pre_app_key
)
SELECT
  f.rule_id,
  f.severity,
  f.scope,
  f.record_key,
  f.org_code,
  f.field,
  f.value,
  f.message,
  f.state,
  f.mark,
  f.mark_reason,
  f.mark_expires_on,
  f.first_seen,
  COALESCE(c.case_no, f.pre_app_case_no) AS case_no
FROM placed f
LEFT JOIN valid_case c ON c.case_id = f.of_case
