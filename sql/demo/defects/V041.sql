-- One row per claim that was granted more than it asked for.
INSERT INTO demo_defect
SELECT 'V041', 'ARB_CLAIM', (case_id * 10 + 1)::VARCHAR, case_id, 'SUPPORTED_AMOUNT set 500.00 above AMOUNT'
FROM demo_free
WHERE award_amount IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_claim SET supported_amount = amount + 500.00
WHERE claim_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V041'
);
