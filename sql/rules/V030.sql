-- One row per undeleted case that breaks V030: accepted without an applicant or without a respondent
-- (办案规则 art. 30).
WITH missing AS (
  SELECT c.case_id, c.org_code, '缺申请人' AS what
  FROM valid_case c
  WHERE is_undeleted(c.deleted) AND c.accept_day IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM valid_party p WHERE p.role = '1' AND p.case_id = c.case_id)
  UNION ALL
  SELECT c.case_id, c.org_code, '缺被申请人' AS what
  FROM valid_case c
  WHERE is_undeleted(c.deleted) AND c.accept_day IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM valid_party p WHERE p.role = '2' AND p.case_id = c.case_id)
)
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CASE_ID'] AS field,
  [string_agg(what, '、' ORDER BY what)] AS value
FROM missing
GROUP BY case_id, org_code;
