-- One row per undeleted case that breaks V021: fewer than one worker; a missing number counts as 0.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['WORKER_COUNT'] AS field,
  [CAST(worker_count AS VARCHAR)] AS value
FROM valid_case
WHERE is_undeleted AND COALESCE(worker_count, 0) < 1;
