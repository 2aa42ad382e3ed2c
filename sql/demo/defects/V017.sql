-- One row per case with a negative amount.
INSERT INTO demo_defect
SELECT 'V017', 'ARB_CASE', case_id::VARCHAR, case_id, 'AWARD_AMOUNT set to -100.00'
FROM demo_free
WHERE award_amount IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET award_amount = -100.00
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V017'
);
