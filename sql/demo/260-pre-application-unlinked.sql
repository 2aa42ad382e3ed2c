-- One row per pre-application of the slice that led to no case: waiting, returned, rejected or withdrawn,
-- and a few
-- approved ones for which nobody has opened a case.
INSERT INTO demo_pre_application (
  pre_app_id, submit_time, org_code, applicant_kind, applicant_name, applicant_id_no, respondent_name,
  respondent_id_no, dispute_type, claim_amount, status, review_time, case_no, updated_at
)
WITH counted AS (
  SELECT m.body_number, m.first_day, m.days, m.unlinked, m.first_unlinked, r.first_firm, r.firms,
    unnest(range(m.unlinked)) AS position
  FROM demo_body_month m
  JOIN demo_body_range r ON r.body_number = m.body_number
  WHERE r.slice = getvariable('demo_slice')
),
keyed AS (
  SELECT
    *,
    demo_key(first_unlinked + position, 6) AS key,
    demo_key(first_unlinked + position, 7) AS person_key
  FROM counted
),
drawn AS (
  SELECT
    *,
    first_day + (position * days + demo_below(key, 1, days)) // unlinked AS submit_day,
    demo_pick(key, 2, getvariable('demo_pre_application_status')) AS planned_status,
    CASE WHEN demo_chance(key, 3, 80) THEN 6 + demo_below(key, 4, 10) ELSE demo_below(key, 4, 5) END
      AS review_delay,
    CASE WHEN demo_below(person_key, 1, 1000) < 560 THEN '1' ELSE '2' END AS gender,
    first_day - demo_quantile(person_key, 2, getvariable('demo_age_days')) AS birth_day,
    CASE WHEN demo_chance(key, 5, getvariable('demo_permille').employerApplies) THEN '2' ELSE '1' END
      AS applicant_kind
  FROM keyed
),
timed AS (
  SELECT
    d.*,
    b.org_code,
    f.name AS firm_name,
    f.credit_code AS firm_code,
    demo_person_stem(d.person_key, b.district_code, d.birth_day, d.gender) AS stem,
    demo_person_name(d.person_key, 10) AS worker_name,
    demo_after_weekdays(d.submit_day, d.review_delay) AS review_day,
    demo_time(d.submit_day, 25200 + demo_below(d.key, 6, 57600)) AS submit_time
  FROM drawn d
  JOIN demo_body b ON b.body_number = d.body_number
  JOIN demo_firm f ON f.firm_id = d.first_firm + demo_below(d.key, 7, d.firms)
),
reviewed AS (
  SELECT
    *,
    CASE WHEN review_day > getvariable('demo_as_of_day') THEN '1' ELSE planned_status END AS status,
    demo_citizen_number(stem) AS worker_id_no,
    CASE WHEN review_day <= getvariable('demo_as_of_day')
      AND NOT (planned_status = '5' AND demo_chance(key, 8, 500))
      THEN greatest(
        demo_time(review_day, 32400 + demo_below(key, 9, 28800)),
        submit_time + INTERVAL 10 MINUTE
      )
    END AS review_time
  FROM timed
)
SELECT
  'YSQ' || demo_ymd(submit_day)::VARCHAR || (500000000 + first_unlinked + position)::VARCHAR,
  submit_time,
  org_code,
  applicant_kind,
  CASE applicant_kind WHEN '1' THEN worker_name ELSE firm_name END,
  CASE applicant_kind WHEN '1' THEN worker_id_no ELSE firm_code END,
  CASE applicant_kind WHEN '1' THEN firm_name ELSE worker_name END,
  CASE applicant_kind WHEN '1' THEN firm_code ELSE worker_id_no END,
  demo_pick(key, 10, getvariable('demo_dispute_type')),
  demo_yuan(demo_quantile(key, 11, getvariable('demo_claim_fen')) * getvariable('demo_claim_scale') // 100),
  status,
  review_time,
  NULL,
  coalesce(review_time, submit_time + INTERVAL 2 MINUTE)
FROM reviewed;
