-- One row per undeleted case that breaks V011: the mode of closing is missing, out of its list, or set
-- while open.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CLOSE_DATE', 'CLOSE_MODE'] AS field,
  [day_text(close_day), close_mode] AS value
FROM valid_case
WHERE is_undeleted AND ((close_day IS NOT NULL) <> (close_mode IS NOT NULL)
    OR (close_mode IS NOT NULL AND NOT is_listed(unlisted, 'CLOSE_MODE', close_mode)));
