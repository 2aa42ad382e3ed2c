-- One row per arbitration body.
INSERT INTO arb_org (org_code, org_name, district_code, org_level, case_word)
SELECT org_code, org_name, district_code, org_level, case_word FROM demo_body ORDER BY body_number;
