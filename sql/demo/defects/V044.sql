-- One row per mediation by an unknown kind of mediator.
INSERT INTO demo_defect
SELECT 'V044', 'ARB_MEDIATION', mediation_id::VARCHAR, NULL, 'MEDIATOR_KIND set to 7'
FROM demo_free_mediation
WHERE accept_date IS NOT NULL
ORDER BY draw, mediation_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_mediation SET mediator_kind = '7'
WHERE mediation_id::VARCHAR IN (
  SELECT record_key FROM demo_defect WHERE rule_id = 'V044'
);
