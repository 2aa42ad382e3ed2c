-- One row per mediation of an unknown body, or closed before it began.
INSERT INTO demo_defect
SELECT 'V042', 'ARB_MEDIATION', mediation_id::VARCHAR, NULL, 'ORG_CODE set to 999999'
FROM demo_free_mediation
WHERE close_date IS NOT NULL
ORDER BY draw, mediation_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V042', 'ARB_MEDIATION', mediation_id::VARCHAR, NULL, 'CLOSE_DATE set three days before ACCEPT_DATE'
FROM demo_free_mediation
WHERE close_date IS NOT NULL
ORDER BY draw, mediation_id
LIMIT getvariable('demo_defects') // 2;

UPDATE demo_arb_mediation SET org_code = '999999'
WHERE mediation_id::VARCHAR IN (
  SELECT record_key FROM demo_defect WHERE rule_id = 'V042' AND done = 'ORG_CODE set to 999999'
);

UPDATE demo_arb_mediation SET close_date = accept_date - INTERVAL 3 DAY
WHERE mediation_id::VARCHAR IN (
  SELECT record_key FROM demo_defect
  WHERE rule_id = 'V042' AND done = 'CLOSE_DATE set three days before ACCEPT_DATE'
);
