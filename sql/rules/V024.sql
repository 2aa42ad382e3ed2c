-- One row per undeleted case that breaks V024: suspended with another status than 40, or 40 without a
-- date (办案规则 art. 47).
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['SUSPENDED_SINCE', 'CASE_STATUS'] AS field,
  [day_text(suspended_since_day), case_status] AS value
FROM valid_case
WHERE is_undeleted AND (suspended_since_day IS NOT NULL) <> (case_status IS NOT DISTINCT FROM '40');
