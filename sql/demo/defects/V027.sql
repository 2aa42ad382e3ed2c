-- One row per case whose amount is not the sum of its claims.
INSERT INTO demo_defect
SELECT 'V027', 'ARB_CASE', case_id::VARCHAR, case_id, 'CLAIM_AMOUNT raised by 100.00'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET claim_amount = claim_amount + 100.00
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V027'
);
