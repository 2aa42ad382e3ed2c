-- One row per case that bears the number of another case of its body and year; the other is found as well.
INSERT INTO demo_defect
SELECT 'V003', 'ARB_CASE', case_id::VARCHAR, case_id, 'CASE_NO set to that of case ' || other
FROM (
  SELECT
    *,
    lag(case_id) OVER same_year AS other,
    row_number() OVER same_year AS position
  FROM demo_free
  WHERE accept_date IS NOT NULL
  WINDOW same_year AS (PARTITION BY org_code, year(accept_date) ORDER BY draw, case_id)
)
WHERE position = 2
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

INSERT INTO demo_side_effect
SELECT 'V003', regexp_extract(done, '\d+$'), rule_id, record_key FROM demo_defect WHERE rule_id = 'V003';

UPDATE demo_arb_case SET case_no = pair.case_no
FROM (
  SELECT d.case_id, p.case_no
  FROM demo_defect d
  JOIN demo_pool p ON p.case_id::VARCHAR = regexp_extract(d.done, '\d+$')
  WHERE d.rule_id = 'V003'
) pair
WHERE demo_arb_case.case_id = pair.case_id;

-- The other case takes no further defect.
DELETE FROM demo_pool
WHERE case_id::VARCHAR IN (SELECT record_key FROM demo_side_effect WHERE rule_id = 'V003');
