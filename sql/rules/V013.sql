-- One row per undeleted case that breaks V013: the result of an award is missing, out of its list, or
-- set without an award.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CLOSE_MODE', 'AWARD_RESULT'] AS field,
  [close_mode, award_result] AS value
FROM valid_case
WHERE is_undeleted AND ((close_mode IS NOT DISTINCT FROM '2') <> (award_result IS NOT NULL)
    OR (award_result IS NOT NULL AND NOT is_listed(unlisted, 'AWARD_RESULT', award_result)));
