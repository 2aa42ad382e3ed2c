-- One row per claim of an unknown type.
INSERT INTO demo_defect
SELECT 'V039', 'ARB_CLAIM', (case_id * 10 + 1)::VARCHAR, case_id, 'CLAIM_TYPE set to 88'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_claim SET claim_type = '88'
WHERE claim_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V039'
);
