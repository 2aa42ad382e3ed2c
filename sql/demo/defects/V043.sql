-- One row per closed mediation without a result, or with an unknown one.
INSERT INTO demo_defect
SELECT 'V043', 'ARB_MEDIATION', mediation_id::VARCHAR, NULL, 'RESULT removed'
FROM demo_free_mediation
WHERE close_date IS NOT NULL
ORDER BY draw, mediation_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V043', 'ARB_MEDIATION', mediation_id::VARCHAR, NULL, 'RESULT set to 8'
FROM demo_free_mediation
WHERE close_date IS NOT NULL
ORDER BY draw, mediation_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_mediation SET result = NULL
WHERE mediation_id::VARCHAR IN (
  SELECT record_key FROM demo_defect WHERE rule_id = 'V043' AND done = 'RESULT removed'
);

UPDATE demo_arb_mediation SET result = '8'
WHERE mediation_id::VARCHAR IN (
  SELECT record_key FROM demo_defect WHERE rule_id = 'V043' AND done = 'RESULT set to 8'
);
