-- One row per large group that is not called collective.
INSERT INTO demo_defect
SELECT 'V051', 'ARB_CASE', case_id::VARCHAR, case_id, 'IS_COLLECTIVE of ten workers or more set to 0'
FROM demo_free
WHERE worker_count >= 10 AND accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET is_collective = '0'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V051'
);
