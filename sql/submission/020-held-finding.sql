-- One row per finding that holds a case back: an error on the case, on one of its parties or on one of its claims.
-- Rows without a key share one finding, so each of their cases is named by the row itself.
CREATE TABLE held_finding AS
WITH error AS (
  SELECT rule_id, scope, record_key, field, value, message, TRY_CAST(record_key AS BIGINT) AS key
  FROM finding
  WHERE severity = 'error' AND scope IN ('ARB_CASE', 'ARB_PARTY', 'ARB_CLAIM') AND rule_id LIKE 'V%'
),
placed AS (
  SELECT e.key AS case_id, e.* FROM error e WHERE e.scope = 'ARB_CASE'
  UNION ALL
  SELECT p.case_id, e.* FROM error e JOIN valid_party p ON p.party_id = e.key WHERE e.scope = 'ARB_PARTY'
  UNION ALL
  SELECT q.case_id, e.* FROM error e JOIN valid_claim q ON q.claim_id = e.key WHERE e.scope = 'ARB_CLAIM'
  UNION ALL
  SELECT p.case_id, e.* FROM error e CROSS JOIN valid_party p
  WHERE e.scope = 'ARB_PARTY' AND e.rule_id = 'V050' AND e.key IS NULL AND p.party_id IS NULL
  UNION ALL
  SELECT q.case_id, e.* FROM error e CROSS JOIN valid_claim q
  WHERE e.scope = 'ARB_CLAIM' AND e.rule_id = 'V050' AND e.key IS NULL AND q.claim_id IS NULL
)
SELECT DISTINCT p.case_id, s.org_code, s.case_no, p.rule_id, p.scope, p.record_key, p.field, p.value, p.message
FROM placed p
JOIN submission_case s ON s.case_id = p.case_id
UNION ALL
-- Only '0' says that a row stands, and only '1' that it was removed: what is neither is not counted and not reported.
SELECT s.case_id, s.org_code, s.case_no, 'V050', 'ARB_CASE', CAST(s.case_id AS VARCHAR), 'DELETED', s.deleted,
  '删除标志“' || s.deleted || '”既不是“0”也不是“1”，案件不计入统计，也不报送。请更正。'
FROM submission_case s
WHERE s.deleted NOT IN ('0', '1');
