-- One row per case of one worker that is called collective.
INSERT INTO demo_defect
SELECT 'V014', 'ARB_CASE', case_id::VARCHAR, case_id, 'IS_COLLECTIVE set to 1'
FROM demo_free
WHERE worker_count = 1
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET is_collective = '1'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V014'
);
