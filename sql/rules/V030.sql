-- One row per undeleted case that breaks V030: accepted without an applicant or without a respondent
-- (办案规则 art. 30).
WITH judged AS (
  SELECT
    c.case_id, c.org_code,
    EXISTS (SELECT 1 FROM valid_party p WHERE p.role = '1' AND p.case_id = c.case_id) AS has_applicant,
    EXISTS (SELECT 1 FROM valid_party p WHERE p.role = '2' AND p.case_id = c.case_id) AS has_respondent
  FROM valid_case c
  WHERE is_undeleted(c.deleted) AND c.accept_day IS NOT NULL
)
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CASE_ID'] AS field,
  [CONCAT_WS('、',
    CASE WHEN NOT has_applicant THEN '缺申请人' END,
    CASE WHEN NOT has_respondent THEN '缺被申请人' END)] AS value
FROM judged
WHERE NOT (has_applicant AND has_respondent);
