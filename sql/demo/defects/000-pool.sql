-- One row per case that may be given a defect: undeleted, not from the portal, its worker met once only, its
-- body
-- not one with an odd last month. A sample of about 40,000 of the slice, recent cases taken more densely.
CREATE OR REPLACE TEMP TABLE demo_pool AS
WITH drawn AS (
  SELECT
    c.*,
    demo_number(demo_key(c.case_id, 9), 1) AS draw,
    c.apply_date::DATE > getvariable('demo_as_of') - 110 AS is_recent
  FROM demo_arb_case c
  WHERE c.deleted = '0' AND c.apply_channel <> '2'
),
sampled AS (
  SELECT *
  FROM drawn
  WHERE draw < 2147483648 * CASE WHEN is_recent THEN 400000 ELSE 40000 END // getvariable('demo_slice_cases')
)
SELECT
  s.case_id,
  s.draw,
  s.org_code,
  s.case_no,
  s.apply_date::DATE AS apply_date,
  s.accept_date::DATE AS accept_date,
  s.reject_date::DATE AS reject_date,
  s.limit_start_date::DATE AS limit_start_date,
  s.hearing_date::DATE AS hearing_date,
  s.close_date::DATE AS close_date,
  s.case_status,
  s.close_mode,
  s.award_amount,
  s.claim_amount,
  s.worker_count,
  s.excluded_days,
  s.extend_days,
  s.applicant_side,
  a.id_no AS applicant_id_no,
  r.id_no AS respondent_id_no,
  t.party_id AS third_party_id
FROM sampled s
JOIN demo_arb_party a ON a.party_id = s.case_id * 10 + 1
JOIN demo_arb_party r ON r.party_id = s.case_id * 10 + 2
LEFT JOIN demo_arb_party t ON t.party_id = s.case_id * 10 + 9
WHERE s.case_id NOT IN (SELECT case_id FROM demo_repeated)
  AND s.case_id NOT IN (SELECT earlier_case_id FROM demo_repeated)
  AND s.org_code IN (SELECT org_code FROM demo_body WHERE mood = 'steady');

-- One row per case of the pool that has no defect yet.
CREATE OR REPLACE TEMP VIEW demo_free AS
SELECT * FROM demo_pool WHERE case_id NOT IN (SELECT case_id FROM demo_defect WHERE case_id IS NOT NULL);

-- One row per mediation that may be given a defect.
CREATE OR REPLACE TEMP TABLE demo_mediation_pool AS
SELECT mediation_id, close_date::DATE AS close_date, accept_date::DATE AS accept_date, draw
FROM (
  SELECT *, demo_number(demo_key(mediation_id, 10), 1) AS draw FROM demo_arb_mediation WHERE deleted = '0'
)
WHERE draw < 2147483648 * 5000 // getvariable('demo_slice_cases');

CREATE OR REPLACE TEMP VIEW demo_free_mediation AS
SELECT * FROM demo_mediation_pool
WHERE mediation_id::VARCHAR NOT IN (SELECT record_key FROM demo_defect WHERE view_name = 'ARB_MEDIATION');

-- One row per pre-application without a case that may be given a defect.
CREATE OR REPLACE TEMP TABLE demo_pre_application_pool AS
SELECT pre_app_id, status, submit_time, review_time, draw
FROM (
  SELECT *, demo_number(demo_key(substr(pre_app_id, 12)::BIGINT, 11), 1) AS draw
  FROM demo_pre_application
  WHERE case_no IS NULL AND substr(pre_app_id, 12)::BIGINT >= 500000000
)
WHERE draw < 2147483648 * 20000 // getvariable('demo_slice_cases');

CREATE OR REPLACE TEMP VIEW demo_free_pre_application AS
SELECT * FROM demo_pre_application_pool
WHERE pre_app_id NOT IN (SELECT record_key FROM demo_defect WHERE view_name = 'PRE_APPLICATION');
