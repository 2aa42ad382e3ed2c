-- One row per case decided in the last month, more than five working days after it was applied for.
INSERT INTO demo_defect
SELECT 'V008', 'ARB_CASE', case_id::VARCHAR, case_id, 'APPLY_DATE set 30 days earlier'
FROM demo_free
WHERE accept_date BETWEEN getvariable('demo_last_month') AND getvariable('demo_month_end')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET apply_date = apply_date - INTERVAL 30 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V008'
);
