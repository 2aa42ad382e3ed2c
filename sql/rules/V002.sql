-- One row per undeleted case that breaks V002: accepted without a number.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CASE_NO'] AS field,
  [case_no] AS value
FROM valid_case
WHERE is_undeleted AND accept_day IS NOT NULL AND case_no IS NULL;
