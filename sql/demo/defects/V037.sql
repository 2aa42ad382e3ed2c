-- One row per party whose name holds a control character.
INSERT INTO demo_defect
SELECT 'V037', 'ARB_PARTY', (case_id * 10 + 2)::VARCHAR, case_id, 'a tab put into NAME'
FROM demo_free
WHERE applicant_side = '1'
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_party SET name = left(name, 2) || chr(9) || substr(name, 3)
WHERE party_id = case_id * 10 + 2 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V037'
);
