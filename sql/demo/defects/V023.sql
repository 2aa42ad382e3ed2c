-- One row per case closed in the last month, a week and more past its time limit.
INSERT INTO demo_defect
SELECT 'V023', 'ARB_CASE', case_id::VARCHAR, case_id, 'CLOSE_DATE set to the last day of the month'
FROM demo_free
WHERE close_date BETWEEN getvariable('demo_last_month') AND getvariable('demo_month_end')
  AND accept_date <= getvariable('demo_month_end') - 58
  AND limit_start_date IS NULL AND excluded_days = 0 AND extend_days = 0 AND close_date - accept_date <= 45
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET close_date = getvariable('demo_month_end')
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V023'
);
