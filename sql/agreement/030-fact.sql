-- One row per side and case of a gap that the side knows anything of. Only what is `counted`, `present` or `held`
-- can fall into a figure; `excluded` ones have days, too.
-- Over gap, table_fact, cockpit_fact and platform_fact.
CREATE TABLE fact AS
WITH wanted AS (SELECT DISTINCT case_key FROM gap)
SELECT 'table' AS side, f.case_key, f.state, f.case_no, f.org_code, f.accept_day, f.close_day
FROM table_fact f
WHERE f.case_key IN (SELECT case_key FROM wanted)
UNION ALL
SELECT 'cockpit', f.case_key, f.state, f.case_no, f.org_code, f.accept_day, f.close_day
FROM cockpit_fact f
WHERE f.case_key IN (SELECT case_key FROM wanted)
UNION ALL
SELECT 'platform', f.case_key, f.state, f.case_no, f.org_code, f.accept_day, f.close_day
FROM platform_fact f
WHERE f.place = 1 AND f.case_key IN (SELECT case_key FROM wanted);
