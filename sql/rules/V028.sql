-- One row per undeleted case that breaks V028: more was awarded than claimed.
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['AWARD_AMOUNT', 'CLAIM_AMOUNT'] AS field,
  [CAST(award_amount AS VARCHAR), CAST(claim_amount AS VARCHAR)] AS value
FROM valid_case
WHERE is_undeleted AND award_amount > claim_amount;
