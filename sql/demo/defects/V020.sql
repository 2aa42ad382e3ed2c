-- One row per open case with an unknown status, or that of an undecided one.
INSERT INTO demo_defect
SELECT 'V020', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_STATUS set to 99'
FROM demo_free
WHERE accept_date IS NOT NULL AND close_date IS NULL AND case_status IN ('20', '30')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V020', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_STATUS of an accepted case set to 10'
FROM demo_free
WHERE accept_date IS NOT NULL AND close_date IS NULL AND case_status IN ('20', '30')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET case_status = '99'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V020' AND done = 'CASE_STATUS set to 99'
);

UPDATE demo_arb_case SET case_status = '10'
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V020' AND done = 'CASE_STATUS of an accepted case set to 10'
);
