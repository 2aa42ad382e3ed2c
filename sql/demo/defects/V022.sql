-- One row per case whose time limit starts before its acceptance.
INSERT INTO demo_defect
SELECT 'V022', 'ARB_CASE', case_id::VARCHAR, case_id, 'LIMIT_START_DATE set ten days before ACCEPT_DATE'
FROM demo_free
WHERE close_date < getvariable('demo_last_month')
  AND limit_start_date IS NULL
  AND close_date - accept_date BETWEEN 1 AND 25
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET limit_start_date = accept_date - INTERVAL 10 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V022'
);
