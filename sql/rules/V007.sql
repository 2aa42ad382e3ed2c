-- One row per undeleted case that breaks V007: accepted before it was applied for.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['APPLY_DATE', 'ACCEPT_DATE'] AS field,
  [day_text(apply_day), day_text(accept_day)] AS value
FROM valid_case
WHERE is_undeleted AND accept_day < apply_day;
