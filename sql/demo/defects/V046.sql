-- One row per pre-application reviewed without a date, or before it was submitted.
INSERT INTO demo_defect
SELECT 'V046', 'PRE_APPLICATION', pre_app_id, NULL, 'REVIEW_TIME removed'
FROM demo_free_pre_application
WHERE status IN ('3', '4')
ORDER BY draw, pre_app_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V046', 'PRE_APPLICATION', pre_app_id, NULL, 'REVIEW_TIME set a day before SUBMIT_TIME'
FROM demo_free_pre_application
WHERE status IN ('3', '4')
ORDER BY draw, pre_app_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_pre_application SET review_time = NULL
WHERE pre_app_id IN (
  SELECT record_key FROM demo_defect WHERE rule_id = 'V046' AND done = 'REVIEW_TIME removed'
);

UPDATE demo_pre_application SET review_time = submit_time - INTERVAL 1 DAY
WHERE pre_app_id IN (
  SELECT record_key FROM demo_defect
  WHERE rule_id = 'V046' AND done = 'REVIEW_TIME set a day before SUBMIT_TIME'
);
