-- One row per case or person with text that needs normalising.
INSERT INTO demo_defect
SELECT 'V049', 'ARB_CASE', case_id::VARCHAR, case_id, 'a blank put after CASE_NO'
FROM demo_free
WHERE case_no IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2 - getvariable('demo_defects') // 2 // 2;

INSERT INTO demo_defect
SELECT 'V049', 'ARB_CASE', case_id::VARCHAR, case_id, 'digits of EMPLOYER_NATURE made full-width'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2 // 2;

INSERT INTO demo_defect
SELECT 'V049', 'ARB_PARTY', (case_id * 10 + 1)::VARCHAR, case_id, 'X at the end of ID_NO made lower-case'
FROM demo_free
WHERE applicant_side = '1' AND applicant_id_no LIKE '%X'
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET case_no = case_no || ' '
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V049' AND done = 'a blank put after CASE_NO'
);

UPDATE demo_arb_case SET employer_nature = translate(employer_nature, '0123456789', '０１２３４５６７８９')
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V049' AND done = 'digits of EMPLOYER_NATURE made full-width'
);

UPDATE demo_arb_party SET id_no = lower(id_no)
WHERE party_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V049' AND done = 'X at the end of ID_NO made lower-case'
);
