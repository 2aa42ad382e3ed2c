-- One row per claim of a case that does not exist.
INSERT INTO demo_defect
SELECT 'V038', 'ARB_CLAIM', (case_id * 10 + 8000000000)::VARCHAR, case_id,
  'a copy of a claim with an unknown CASE_ID'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

INSERT INTO demo_arb_claim
SELECT * REPLACE (case_id * 10 + 8000000000 AS claim_id, case_id + 800000000 AS case_id)
FROM demo_arb_claim
WHERE claim_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V038'
);
