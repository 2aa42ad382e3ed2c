-- One row per undeleted case that breaks V051: 10 workers or more and not marked collective (劳动争议调解仲裁法
-- art. 7).
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['WORKER_COUNT', 'IS_COLLECTIVE'] AS field,
  [CAST(worker_count AS VARCHAR), is_collective] AS value
FROM valid_case
WHERE is_undeleted AND worker_count >= 10 AND is_collective IS DISTINCT FROM '1';
