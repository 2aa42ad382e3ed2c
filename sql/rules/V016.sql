-- One row per undeleted case that breaks V016: negative days not counted.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['EXCLUDED_DAYS'] AS field,
  [CAST(excluded_days AS VARCHAR)] AS value
FROM valid_case
WHERE is_undeleted AND excluded_days < 0;
