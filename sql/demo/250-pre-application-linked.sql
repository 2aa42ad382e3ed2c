-- One row per pre-application that led to a case of the slice: submitted some days before, the number
-- written back.
INSERT INTO demo_pre_application (
  pre_app_id, submit_time, org_code, applicant_kind, applicant_name, applicant_id_no, respondent_name,
  respondent_id_no, dispute_type, claim_amount, status, review_time, case_no, updated_at
)
WITH linked AS (
  SELECT
    c.*,
    b.org_code,
    f.name AS firm_name,
    f.credit_code AS firm_code,
    demo_time(submit_day, 25200 + demo_below(c.key, 101, 57600)) AS submit_time,
    CASE WHEN reject_day IS NULL THEN demo_time(apply_day, 28800 + demo_below(c.key, 102, 3600))
      ELSE demo_time(reject_day, 61200) END AS review_time
  FROM demo_case c
  JOIN demo_body b ON b.body_number = c.body_number
  JOIN demo_firm f ON f.firm_id = c.firm_id
  WHERE c.is_online
)
SELECT
  'YSQ' || demo_ymd(submit_day)::VARCHAR || lpad(case_id::VARCHAR, 9, '0'),
  submit_time,
  org_code,
  CASE applicant_side WHEN '1' THEN '1' ELSE '2' END,
  CASE applicant_side WHEN '1' THEN worker_name ELSE firm_name END,
  CASE applicant_side WHEN '1' THEN worker_id_no ELSE firm_code END,
  CASE applicant_side WHEN '1' THEN firm_name ELSE worker_name END,
  CASE applicant_side WHEN '1' THEN firm_code ELSE worker_id_no END,
  dispute_type,
  demo_yuan(claim_fen),
  CASE WHEN reject_day IS NULL THEN '2' ELSE '4' END,
  review_time,
  case_no,
  greatest(review_time, demo_time(accept_day, 62000))
FROM linked;
