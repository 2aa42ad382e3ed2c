-- One row per party of a case that does not exist.
INSERT INTO demo_defect
SELECT 'V031', 'ARB_PARTY', (case_id * 10 + 8000000000)::VARCHAR, case_id,
  'a copy of a party with an unknown CASE_ID'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

INSERT INTO demo_arb_party
SELECT * REPLACE (case_id * 10 + 8000000000 AS party_id, case_id + 800000000 AS case_id)
FROM demo_arb_party
WHERE party_id = case_id * 10 + 2 AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V031'
);
