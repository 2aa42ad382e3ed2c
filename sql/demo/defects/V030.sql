-- One row per accepted case without a respondent.
INSERT INTO demo_defect
SELECT 'V030', 'ARB_CASE', case_id::VARCHAR, case_id, 'role of the respondents set to third party'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_party SET role = '3'
WHERE role = '2' AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V030'
);
