-- One row per undeleted case that breaks V017: a negative amount.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  [CASE WHEN claim_amount < 0 THEN 'CLAIM_AMOUNT' END, CASE WHEN award_amount < 0 THEN 'AWARD_AMOUNT' END] AS field,
  [CAST(claim_amount AS VARCHAR), CAST(award_amount AS VARCHAR)] AS value
FROM valid_case
WHERE is_undeleted AND (claim_amount < 0 OR award_amount < 0);
