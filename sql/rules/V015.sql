-- One row per undeleted case that breaks V015: an extension that is not 0 to 15 days (劳动争议调解仲裁法 art.
-- 43). A missing number counts as 0 here as in the deadline; V050 finds it.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['EXTEND_DAYS'] AS field,
  [CAST(extend_days AS VARCHAR)] AS value
FROM valid_case
WHERE is_undeleted AND extend_days NOT BETWEEN 0 AND 15;
