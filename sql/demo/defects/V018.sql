-- One row per accepted case with a code missing or unknown.
INSERT INTO demo_defect
SELECT 'V018', 'ARB_CASE', case_id::VARCHAR, case_id, 'EMPLOYER_NATURE removed'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V018', 'ARB_CASE', case_id::VARCHAR, case_id, 'DISPUTE_TYPE set to 77'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET employer_nature = NULL
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V018' AND done = 'EMPLOYER_NATURE removed'
);

UPDATE demo_arb_case SET dispute_type = '77'
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V018' AND done = 'DISPUTE_TYPE set to 77'
);
