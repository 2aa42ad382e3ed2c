-- One row per undeleted mediation that breaks V043: its result is missing, out of the list, or set
-- while open.
SELECT
  record_name(mediation_id) AS record_key,
  org_code,
  ['CLOSE_DATE', 'RESULT'] AS field,
  [day_text(close_day), result] AS value
FROM valid_mediation
WHERE is_undeleted
  AND ((close_day IS NOT NULL) <> (result IS NOT NULL)
    OR (result IS NOT NULL AND NOT is_listed(unlisted, 'RESULT', result)));
