-- One row per case with a negative number of excluded days.
INSERT INTO demo_defect
SELECT 'V016', 'ARB_CASE', case_id::VARCHAR, case_id, 'EXCLUDED_DAYS set to -3'
FROM demo_free
WHERE close_date < getvariable('demo_last_month')
  AND limit_start_date IS NULL
  AND close_date - accept_date BETWEEN 1 AND 25
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET excluded_days = -3
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V016'
);
