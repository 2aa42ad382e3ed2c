-- One row per accepted case without its number.
INSERT INTO demo_defect
SELECT 'V002', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_NO removed'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET case_no = NULL
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V002'
);
