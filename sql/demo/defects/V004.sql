-- One row per case whose number has not the prescribed form.
INSERT INTO demo_defect
SELECT 'V004', 'ARB_CASE', case_id::VARCHAR, case_id, 'brackets of CASE_NO changed'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V004', 'ARB_CASE', case_id::VARCHAR, case_id, 'a character of CASE_NO lost'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET case_no = replace(replace(case_no, '〔', '['), '〕', ']')
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V004' AND done = 'brackets of CASE_NO changed'
);

UPDATE demo_arb_case SET case_no = replace(case_no, '劳人仲字', '劳仲字')
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V004' AND done = 'a character of CASE_NO lost'
);
