-- One row per undeleted case that breaks V010: closed with another status than 50, or 50 without being
-- closed.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CLOSE_DATE', 'CASE_STATUS'] AS field,
  [day_text(close_day), case_status] AS value
FROM valid_case
WHERE is_undeleted AND (close_day IS NOT NULL) <> (case_status IS NOT DISTINCT FROM '50');
