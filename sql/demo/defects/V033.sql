-- One row per person whose citizen number has a wrong check character.
INSERT INTO demo_defect
SELECT 'V033', 'ARB_PARTY', (case_id * 10 + 1)::VARCHAR, case_id, 'check character of ID_NO changed'
FROM demo_free
WHERE applicant_side = '1' AND applicant_id_no IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_party SET id_no = left(id_no, 17) || CASE right(id_no, 1) WHEN '5' THEN '6' ELSE '5' END
WHERE party_id = case_id * 10 + 1 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V033'
);
