-- One row per case that is called a final award without being an award.
INSERT INTO demo_defect
SELECT 'V012', 'ARB_CASE', case_id::VARCHAR, case_id, 'FINAL_AWARD set to 1'
FROM demo_free
WHERE close_mode = '1'
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_case SET final_award = '1'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V012'
);
