-- One row per case accepted before it was applied for.
INSERT INTO demo_defect
SELECT 'V007', 'ARB_CASE', case_id::VARCHAR, case_id, 'APPLY_DATE set three days after ACCEPT_DATE'
FROM demo_free
WHERE accept_date < getvariable('demo_last_month')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET apply_date = accept_date + INTERVAL 3 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V007'
);
