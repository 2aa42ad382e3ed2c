-- One row per party of the slice's cases: a worker and an employer; more workers, a second employer or a
-- third party.
-- PARTY_ID is CASE_ID and one digit: 1 and 2 the first two, 3 to 6 further workers, 8 and 9 further firms.
INSERT INTO demo_arb_party (
  party_id, case_id, role, party_kind, name, id_no, gender, birth_date, phone, address, updated_at
)
WITH first_worker AS (
  SELECT
    case_id * 10 + applicant_side::BIGINT AS party_id,
    case_id,
    applicant_side AS role,
    '1' AS party_kind,
    worker_name AS name,
    worker_id_no AS id_no,
    worker_gender AS gender,
    worker_birth_day AS birth_day,
    '1990000' || lpad(demo_below(worker_key, 15, 10000)::VARCHAR, 4, '0') AS phone,
    getvariable('demo_city') || b.place || demo_pick(worker_key, 16, getvariable('demo_roads'))
      || (1 + demo_below(worker_key, 17, 300)) || '号' AS address,
    last_day
  FROM demo_case c
  JOIN demo_body b ON b.body_number = c.body_number
),
first_employer AS (
  SELECT
    case_id * 10 + 3 - applicant_side::BIGINT AS party_id,
    case_id,
    CASE applicant_side WHEN '1' THEN '2' ELSE '1' END AS role,
    '2' AS party_kind,
    f.name,
    f.credit_code AS id_no,
    NULL AS gender,
    NULL AS birth_day,
    NULL AS phone,
    f.address,
    last_day
  FROM demo_case c
  JOIN demo_firm f ON f.firm_id = c.firm_id
),
-- One row per further worker: all up to four workers more, of larger groups as many representatives.
further_number AS (
  SELECT case_id, b.place, c.district_code, applicant_side, worker_reference_day, last_day,
    unnest(range(1, least(worker_count, 5))) AS position
  FROM demo_case c
  JOIN demo_body b ON b.body_number = c.body_number
  WHERE worker_count > 1
),
further_keyed AS (
  SELECT
    *,
    demo_key((case_id - getvariable('demo_first_case_id')) * 8 + position, 5) AS person_key
  FROM further_number
),
further_person AS (
  SELECT
    *,
    CASE WHEN demo_below(person_key, 1, 1000) < 560 THEN '1' ELSE '2' END AS gender,
    worker_reference_day - demo_quantile(person_key, 2, getvariable('demo_age_days')) AS birth_day
  FROM further_keyed
),
further_stem AS (
  SELECT *, demo_person_stem(person_key, district_code, birth_day, gender) AS stem FROM further_person
),
further_worker AS (
  SELECT
    case_id * 10 + 2 + position AS party_id,
    case_id,
    applicant_side AS role,
    '1' AS party_kind,
    demo_person_name(person_key, 10) AS name,
    demo_citizen_number(stem) AS id_no,
    gender,
    birth_day,
    '1990000' || lpad(demo_below(person_key, 15, 10000)::VARCHAR, 4, '0') AS phone,
    getvariable('demo_city') || place || demo_pick(person_key, 16, getvariable('demo_roads'))
      || (1 + demo_below(person_key, 17, 300)) || '号' AS address,
    last_day
  FROM further_stem
),
further_firm AS (
  SELECT
    c.case_id * 10 + d.digit AS party_id,
    c.case_id,
    CASE d.digit WHEN 8 THEN '2' ELSE '3' END AS role,
    '2' AS party_kind,
    f.name,
    f.credit_code AS id_no,
    NULL AS gender,
    NULL AS birth_day,
    NULL AS phone,
    f.address,
    c.last_day
  FROM demo_case c
  CROSS JOIN (SELECT unnest([8, 9]) AS digit) d
  JOIN demo_firm f ON f.firm_id
    = c.first_firm + (c.firm_id - c.first_firm + 1 + demo_below(c.key, 70 + d.digit, c.firms - 1)) % c.firms
  WHERE (d.digit = 8 AND c.applicant_side = '1'
      AND demo_chance(c.key, 81, getvariable('demo_permille').secondRespondent))
    OR (d.digit = 9 AND demo_chance(c.key, 82, getvariable('demo_permille').thirdParty))
),
party AS (
  SELECT * FROM first_worker
  UNION ALL
  SELECT * FROM first_employer
  UNION ALL
  SELECT * FROM further_worker
  UNION ALL
  SELECT * FROM further_firm
)
SELECT
  party_id, case_id, role, party_kind, name, id_no, gender, demo_time(birth_day, 0), phone, address,
  demo_time(last_day, 63000)
FROM party;
