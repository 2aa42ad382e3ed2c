-- One row per case decided in the last month, more than five working days after it was applied for.
INSERT INTO demo_defect
SELECT 'V008', 'ARB_CASE', case_id::VARCHAR, case_id, 'APPLY_DATE set 30 days earlier'
FROM demo_free
WHERE accept_date BETWEEN DATE '1970-01-01' + getvariable('demo_last_month_day')::INTEGER
    AND last_day(DATE '1970-01-01' + getvariable('demo_last_month_day')::INTEGER)
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET apply_date = apply_date - INTERVAL 30 DAY
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V008'
);
