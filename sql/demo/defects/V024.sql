-- One row per open case whose status contradicts its date of suspension.
INSERT INTO demo_defect
SELECT 'V024', 'ARB_CASE', case_id::VARCHAR, case_id, 'SUSPENDED_SINCE set'
FROM demo_free
WHERE accept_date IS NOT NULL AND close_date IS NULL AND case_status IN ('20', '30')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V024', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_STATUS set to 40'
FROM demo_free
WHERE accept_date IS NOT NULL AND close_date IS NULL AND case_status IN ('20', '30')
  AND accept_date >= getvariable('demo_last_month')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET suspended_since = accept_date
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V024' AND done = 'SUSPENDED_SINCE set'
);

UPDATE demo_arb_case SET case_status = '40'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V024' AND done = 'CASE_STATUS set to 40'
);
