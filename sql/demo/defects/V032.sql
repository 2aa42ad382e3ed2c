-- One row per party of unknown kind or role.
INSERT INTO demo_defect
SELECT 'V032', 'ARB_PARTY', (case_id * 10 + 2)::VARCHAR, case_id, 'PARTY_KIND set to 3'
FROM demo_free
WHERE applicant_side = '1'
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V032', 'ARB_PARTY', third_party_id::VARCHAR, case_id, 'ROLE of a third party set to 9'
FROM demo_free
WHERE third_party_id IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_party SET party_kind = '3'
WHERE party_id = case_id * 10 + 2 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V032' AND done = 'PARTY_KIND set to 3'
);

UPDATE demo_arb_party SET role = '9'
WHERE party_id = case_id * 10 + 9 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V032' AND done = 'ROLE of a third party set to 9'
);
