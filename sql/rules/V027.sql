-- One row per undeleted case that breaks V027: it has claims and their amounts do not sum to its own
-- by more than 0.01; no amount is 0.
WITH claimed AS (
  SELECT case_id, sum(COALESCE(amount, 0)) AS amount
  FROM valid_claim
  WHERE case_id IS NOT NULL
  GROUP BY case_id
)
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  ['CLAIM_AMOUNT'] AS field,
  [CAST(c.claim_amount AS VARCHAR)] AS value,
  CAST(s.amount AS VARCHAR) AS related
FROM valid_case c
JOIN claimed s ON s.case_id = c.case_id
WHERE c.is_undeleted AND abs(COALESCE(c.claim_amount, 0) - s.amount) > 0.01;
