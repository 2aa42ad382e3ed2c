-- One row per case with more than 15 days of extension.
INSERT INTO demo_defect
SELECT 'V015', 'ARB_CASE', case_id::VARCHAR, case_id, 'EXTEND_DAYS set to 20'
FROM demo_free
WHERE close_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET extend_days = 20
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V015'
);
