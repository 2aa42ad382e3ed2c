-- One row per undeleted case that breaks V005: its body is not in ARB_ORG.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['ORG_CODE'] AS field,
  [org_code] AS value
FROM valid_case
WHERE is_undeleted AND NOT is_known_body;
