-- One row per claim of a case that is not deleted that breaks V041: more was supported than claimed.
WITH broken AS MATERIALIZED (
  SELECT claim_id, case_id, amount, supported_amount FROM valid_claim
  WHERE supported_amount > amount
)
SELECT
  record_name(b.claim_id) AS record_key,
  c.org_code,
  ['AMOUNT', 'SUPPORTED_AMOUNT'] AS field,
  [CAST(b.amount AS VARCHAR), CAST(b.supported_amount AS VARCHAR)] AS value
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
