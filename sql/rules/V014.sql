-- One row per undeleted case that breaks V014: marked collective with fewer than 10 workers; a missing
-- number counts as 0 (劳动争议调解仲裁法 art. 7).
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['WORKER_COUNT', 'IS_COLLECTIVE'] AS field,
  [CAST(worker_count AS VARCHAR), is_collective] AS value
FROM valid_case
WHERE is_undeleted AND is_collective = '1' AND COALESCE(worker_count, 0) < 10;
