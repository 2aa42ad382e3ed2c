-- One row per case without any worker.
INSERT INTO demo_defect
SELECT 'V021', 'ARB_CASE', case_id::VARCHAR, case_id, 'WORKER_COUNT set to 0'
FROM demo_free
WHERE worker_count = 1
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET worker_count = 0
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V021'
);
