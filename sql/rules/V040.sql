-- One row per claim of a case that is not deleted that breaks V040: a negative amount.
WITH broken AS MATERIALIZED (
  SELECT claim_id, case_id, amount, supported_amount FROM valid_claim
  WHERE amount < 0 OR supported_amount < 0
)
SELECT
  record_name(b.claim_id) AS record_key,
  c.org_code,
  [CASE WHEN b.amount < 0 THEN 'AMOUNT' END, CASE WHEN b.supported_amount < 0 THEN 'SUPPORTED_AMOUNT' END] AS field,
  [CAST(b.amount AS VARCHAR), CAST(b.supported_amount AS VARCHAR)] AS value
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
