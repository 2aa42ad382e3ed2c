-- One row per case that is delivered a second time, in an older state.
INSERT INTO demo_defect
SELECT 'V001', 'ARB_CASE', case_id::VARCHAR, case_id, 'a second row with an earlier UPDATED_AT'
FROM demo_free
WHERE hearing_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

INSERT INTO demo_arb_case
SELECT * REPLACE (NULL AS hearing_date, updated_at - INTERVAL 1 HOUR AS updated_at)
FROM demo_arb_case
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V001'
);
