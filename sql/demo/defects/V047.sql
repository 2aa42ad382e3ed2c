-- One row per body whose last month stands out by the cases accepted.
INSERT INTO demo_defect
SELECT
  'V047',
  'ARB_ORG',
  org_code,
  NULL,
  CASE mood WHEN 'crowded' THEN 'four times as many cases as usual, and twenty' ELSE 'no cases at all' END
FROM demo_body
WHERE mood IN ('crowded', 'silent')
ORDER BY org_code;
