-- One row per case accepted or rejected after the as-of date.
INSERT INTO demo_defect
SELECT 'V006', 'ARB_CASE', case_id::VARCHAR, case_id, 'ACCEPT_DATE set ten days after the as-of date'
FROM demo_free
WHERE accept_date IS NOT NULL AND close_date IS NULL AND case_status IN ('20', '30')
  AND hearing_date IS NULL AND limit_start_date IS NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') - getvariable('demo_defects') // 2;

INSERT INTO demo_defect
SELECT 'V006', 'ARB_CASE', case_id::VARCHAR, case_id, 'REJECT_DATE set ten days after the as-of date'
FROM demo_free
WHERE reject_date >= getvariable('demo_last_month')
ORDER BY draw, case_id
LIMIT getvariable('demo_defects') // 2;

-- A later year than that of the number breaks its form as well.
INSERT INTO demo_side_effect
SELECT 'V004', d.record_key, d.rule_id, d.record_key
FROM demo_defect d
JOIN demo_pool p ON p.case_id = d.case_id
WHERE d.rule_id = 'V006' AND year(p.accept_date) <> year(getvariable('demo_as_of') + 10);

UPDATE demo_arb_case SET accept_date = getvariable('demo_as_of') + 10
WHERE accept_date IS NOT NULL AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V006'
);

UPDATE demo_arb_case SET reject_date = getvariable('demo_as_of') + 10
WHERE reject_date IS NOT NULL AND case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V006'
);
