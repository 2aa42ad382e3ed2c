-- One row per undeleted case that breaks V019: accepted without a section of GB/T 4754-2017 (Z is the
-- catch-all, not a section).
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['INDUSTRY_CODE'] AS field,
  [industry_code] AS value
FROM valid_case
WHERE is_undeleted AND accept_day IS NOT NULL
  AND (NOT is_listed(unlisted, 'INDUSTRY_CODE', industry_code) OR industry_code = 'Z');
