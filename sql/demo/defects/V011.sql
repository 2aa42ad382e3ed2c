-- One row per closed case without a way of closing, or with an unknown one.
INSERT INTO demo_defect
SELECT 'V011', 'ARB_CASE', case_id::VARCHAR, case_id, 'CLOSE_MODE removed'
FROM demo_free
WHERE close_mode IN ('3', '4', '5')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V011', 'ARB_CASE', case_id::VARCHAR, case_id, 'CLOSE_MODE set to 8'
FROM demo_free
WHERE close_mode IN ('3', '4', '5')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET close_mode = NULL
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V011' AND done = 'CLOSE_MODE removed'
);

UPDATE demo_arb_case SET close_mode = '8'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V011' AND done = 'CLOSE_MODE set to 8'
);
