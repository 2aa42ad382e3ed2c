-- One row per undeleted case that breaks V020: its status is out of the list or does not fit what was
-- decided.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CASE_STATUS'] AS field,
  [case_status] AS value,
  CONCAT_WS(' ', COALESCE(day_text(accept_day), '-'), COALESCE(day_text(reject_day), '-')) AS related_mark
FROM valid_case
WHERE is_undeleted AND (NOT is_listed(unlisted, 'CASE_STATUS', case_status)
    OR (case_status IS NOT DISTINCT FROM '60') <> (reject_day IS NOT NULL AND accept_day IS NULL)
    OR (case_status IS NOT DISTINCT FROM '10') <> (reject_day IS NULL AND accept_day IS NULL));
