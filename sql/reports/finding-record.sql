-- One row per finding of a run (view finding_file), with the number of the case that it belongs to.
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
  COALESCE(c.case_no, pc.case_no, cc.case_no, a.case_no) AS case_no
FROM finding_file f
LEFT JOIN valid_case c ON f.scope = 'ARB_CASE' AND CAST(c.case_id AS VARCHAR) = f.record_key
LEFT JOIN valid_party p ON f.scope = 'ARB_PARTY' AND CAST(p.party_id AS VARCHAR) = f.record_key
LEFT JOIN valid_case pc ON pc.case_id = p.case_id
LEFT JOIN valid_claim q ON f.scope = 'ARB_CLAIM' AND CAST(q.claim_id AS VARCHAR) = f.record_key
LEFT JOIN valid_case cc ON cc.case_id = q.case_id
LEFT JOIN valid_pre_application a ON f.scope = 'PRE_APPLICATION' AND a.pre_app_id = f.record_key
