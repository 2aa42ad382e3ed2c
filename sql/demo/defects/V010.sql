-- One row per case whose status contradicts its date of closing.
INSERT INTO demo_defect
SELECT 'V010', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_STATUS of a closed case set to 30'
FROM demo_free
WHERE close_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V010', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_STATUS of an open case set to 50'
FROM demo_free
WHERE accept_date IS NOT NULL AND close_date IS NULL AND case_status IN ('20', '30')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET case_status = '30'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V010' AND done = 'CASE_STATUS of a closed case set to 30'
);

UPDATE demo_arb_case SET case_status = '50'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V010' AND done = 'CASE_STATUS of an open case set to 50'
);
