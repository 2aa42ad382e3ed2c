-- One row per case that was awarded more than was claimed.
INSERT INTO demo_defect
SELECT 'V028', 'ARB_CASE', case_id::VARCHAR, case_id, 'AWARD_AMOUNT set 1000.00 above CLAIM_AMOUNT'
FROM demo_free
WHERE award_amount IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET award_amount = claim_amount + 1000.00
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V028'
);
