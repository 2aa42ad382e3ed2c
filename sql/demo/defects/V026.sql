-- One row per case from the portal whose pre-application is missing or unknown.
INSERT INTO demo_defect
SELECT 'V026', 'ARB_CASE', case_id::VARCHAR, case_id, 'APPLY_CHANNEL set to 2 without a PRE_APP_ID'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V026', 'ARB_CASE', case_id::VARCHAR, case_id,
  'APPLY_CHANNEL set to 2 and PRE_APP_ID to an unknown one'
FROM demo_free
WHERE accept_date IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_case SET apply_channel = '2'
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V026' AND done = 'APPLY_CHANNEL set to 2 without a PRE_APP_ID'
);

UPDATE demo_arb_case SET apply_channel = '2', pre_app_id = 'YSQ00000000' || case_id::VARCHAR
WHERE case_id IN (
  SELECT case_id FROM demo_defect
  WHERE rule_id = 'V026' AND done = 'APPLY_CHANNEL set to 2 and PRE_APP_ID to an unknown one'
);
