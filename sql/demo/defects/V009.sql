-- One row per case closed before it was accepted, or after the as-of date.
INSERT INTO demo_defect
SELECT 'V009', 'ARB_CASE', case_id::VARCHAR, case_id, 'CLOSE_DATE set five days before ACCEPT_DATE'
FROM demo_free
WHERE close_mode IN ('3', '4', '5') AND hearing_date IS NULL AND limit_start_date IS NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V009', 'ARB_CASE', case_id::VARCHAR, case_id, 'CLOSE_DATE set twenty days after the as-of date'
FROM demo_free
WHERE close_mode IN ('3', '4', '5') AND hearing_date IS NULL AND limit_start_date IS NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET close_date = accept_date - INTERVAL 5 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V009' AND done = 'CLOSE_DATE set five days before ACCEPT_DATE'
);

UPDATE demo_arb_case SET close_date = getvariable('demo_as_of') + 20
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V009' AND done = 'CLOSE_DATE set twenty days after the as-of date'
);
