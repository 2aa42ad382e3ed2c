-- One row per case of a body that does not exist.
INSERT INTO demo_defect
SELECT 'V005', 'ARB_CASE', case_id::VARCHAR, case_id, 'ORG_CODE set to 999999'
FROM demo_free
WHERE close_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET org_code = '999999'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V005'
);
