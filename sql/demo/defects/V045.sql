-- One row per pre-application with an unknown body or status, or delivered twice.
INSERT INTO demo_defect
SELECT 'V045', 'PRE_APPLICATION', pre_app_id, NULL, 'ORG_CODE set to 999999'
FROM demo_free_pre_application
WHERE status IN ('3', '4')
ORDER BY draw, pre_app_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V045', 'PRE_APPLICATION', pre_app_id, NULL, 'a second row with an earlier UPDATED_AT'
FROM demo_free_pre_application
WHERE status IN ('3', '4')
ORDER BY draw, pre_app_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_pre_application SET org_code = '999999'
WHERE pre_app_id IN (
  SELECT record_key FROM demo_defect WHERE rule_id = 'V045' AND done = 'ORG_CODE set to 999999'
);

INSERT INTO demo_pre_application
SELECT * REPLACE (updated_at - INTERVAL 1 MINUTE AS updated_at)
FROM demo_pre_application
WHERE pre_app_id IN (
  SELECT record_key FROM demo_defect
  WHERE rule_id = 'V045' AND done = 'a second row with an earlier UPDATED_AT'
);
