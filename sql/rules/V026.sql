-- One row per undeleted case that breaks V026: applied for online, but neither its pre-application
-- exists nor does one name its number.
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  ['APPLY_CHANNEL', 'PRE_APP_ID'] AS field,
  [c.apply_channel, c.pre_app_id] AS value
FROM valid_case c
WHERE c.is_undeleted AND c.apply_channel = '2'
  AND NOT EXISTS (SELECT 1 FROM valid_pre_application a WHERE a.pre_app_id = c.pre_app_id)
  AND NOT EXISTS (SELECT 1 FROM valid_pre_application a WHERE a.case_no = c.case_no);
