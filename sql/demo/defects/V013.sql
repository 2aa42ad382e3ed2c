-- One row per award without its result, or other ending with one.
INSERT INTO demo_defect
SELECT 'V013', 'ARB_CASE', case_id::VARCHAR, case_id, 'AWARD_RESULT removed'
FROM demo_free
WHERE close_mode = '2'
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V013', 'ARB_CASE', case_id::VARCHAR, case_id, 'AWARD_RESULT set on a withdrawn case'
FROM demo_free
WHERE close_mode = '3'
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET award_result = NULL
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V013' AND done = 'AWARD_RESULT removed'
);

UPDATE demo_arb_case SET award_result = '1'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V013' AND done = 'AWARD_RESULT set on a withdrawn case'
);
