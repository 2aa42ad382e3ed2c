-- One row per record with an empty column that must be filled, both decisions, or a key used twice.
INSERT INTO demo_defect
SELECT 'V050', 'ARB_CASE', case_id::VARCHAR, case_id, 'CREATED_AT removed'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2 - getvariable('demo_defects') // 2 // 2;

INSERT INTO demo_defect
SELECT 'V050', 'ARB_CASE', case_id::VARCHAR, case_id, 'REJECT_DATE set to ACCEPT_DATE'
FROM demo_free
WHERE close_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2 // 2;

INSERT INTO demo_defect
SELECT 'V050', 'ARB_PARTY', (case_id * 10 + 2)::VARCHAR, case_id, 'a second row with an earlier UPDATED_AT'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET created_at = NULL
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V050' AND done = 'CREATED_AT removed'
);

UPDATE demo_arb_case SET reject_date = accept_date
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V050' AND done = 'REJECT_DATE set to ACCEPT_DATE'
);

INSERT INTO demo_arb_party
SELECT * REPLACE (updated_at - INTERVAL 1 HOUR AS updated_at)
FROM demo_arb_party
WHERE party_id = case_id * 10 + 2 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V050' AND done = 'a second row with an earlier UPDATED_AT'
);
