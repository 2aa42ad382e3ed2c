-- One row per case heard before it was accepted, or after it was closed.
INSERT INTO demo_defect
SELECT 'V025', 'ARB_CASE', case_id::VARCHAR, case_id, 'HEARING_DATE set seven days before ACCEPT_DATE'
FROM demo_free
WHERE close_date IS NOT NULL AND hearing_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V025', 'ARB_CASE', case_id::VARCHAR, case_id, 'HEARING_DATE set five days after CLOSE_DATE'
FROM demo_free
WHERE close_date < getvariable('demo_last_month')
  AND hearing_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET hearing_date = accept_date - INTERVAL 7 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V025' AND done = 'HEARING_DATE set seven days before ACCEPT_DATE'
);

UPDATE demo_arb_case SET hearing_date = close_date + INTERVAL 5 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V025' AND done = 'HEARING_DATE set five days after CLOSE_DATE'
);
