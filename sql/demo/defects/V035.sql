-- One row per person whose gender or birthday is not that of the citizen number.
INSERT INTO demo_defect
SELECT 'V035', 'ARB_PARTY', (case_id * 10 + 1)::VARCHAR, case_id, 'GENDER changed'
FROM demo_free
WHERE applicant_side = '1' AND applicant_id_no IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V035', 'ARB_PARTY', (case_id * 10 + 1)::VARCHAR, case_id, 'BIRTH_DATE set a day later'
FROM demo_free
WHERE applicant_side = '1' AND applicant_id_no IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_party SET gender = CASE gender WHEN '1' THEN '2' ELSE '1' END
WHERE party_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V035' AND done = 'GENDER changed'
);

UPDATE demo_arb_party SET birth_date = birth_date + INTERVAL 1 DAY
WHERE party_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V035' AND done = 'BIRTH_DATE set a day later'
);
