-- One row per body whose last month stands out by the cases closed.
INSERT INTO demo_defect
SELECT 'V048', 'ARB_ORG', org_code, NULL, 'no case closed; all closings put into the next month'
FROM demo_body
WHERE mood = 'unclosed'
ORDER BY org_code;
