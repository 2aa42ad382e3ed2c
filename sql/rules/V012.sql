-- One row per undeleted case that breaks V012: a final award that is no award (劳动争议调解仲裁法 art. 47).
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CLOSE_MODE', 'FINAL_AWARD'] AS field,
  [close_mode, final_award] AS value
FROM valid_case
WHERE is_undeleted AND final_award = '1' AND close_mode IS DISTINCT FROM '2';
