-- One row per accepted case without an industry.
INSERT INTO demo_defect
SELECT 'V019', 'ARB_CASE', case_id::VARCHAR, case_id, 'INDUSTRY_CODE removed'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V019', 'ARB_CASE', case_id::VARCHAR, case_id, 'INDUSTRY_CODE set to Z'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET industry_code = NULL
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V019' AND done = 'INDUSTRY_CODE removed'
);

UPDATE demo_arb_case SET industry_code = 'Z'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V019' AND done = 'INDUSTRY_CODE set to Z'
);
