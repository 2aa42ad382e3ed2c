-- One row per accepted case of the slice: its place among the acceptances of its body and year.
-- On its own, because numbering the wide rows below takes twice as long.
CREATE OR REPLACE TEMP TABLE demo_case_serial AS
SELECT
  case_id,
  row_number() OVER (
    PARTITION BY body_number, year(DATE '1970-01-01' + accept_day::INTEGER) ORDER BY accept_day, case_id
  ) AS case_serial
FROM demo_case_life
WHERE accept_day IS NOT NULL;

-- One row per case of the slice: its parties' identities, number, claims and award; what the views are
-- filled from.
CREATE OR REPLACE TEMP TABLE demo_case AS
WITH matter AS (
  SELECT
    c.*,
    b.district_code,
    b.case_word,
    f.employer_nature,
    f.industry_code,
    n.case_serial,
    demo_key(c.worker_number, 4) AS worker_key,
    CASE
      WHEN f.employer_nature IN ('500', '600')
        THEN demo_pick(c.key, 41, getvariable('demo_dispute_type_of_public_bodies'))
      WHEN c.worker_count >= 10 AND demo_chance(c.key, 42, 700) THEN '05'
      ELSE demo_pick(c.key, 41, getvariable('demo_dispute_type'))
    END AS dispute_type,
    -- Workers of one case ask for much the same, but large groups for less each.
    demo_quantile(c.key, 43, getvariable('demo_claim_fen')) * getvariable('demo_claim_scale') // 100
      * (1 + least(c.worker_count, 40) * 3) // 4 AS drawn_fen,
    CASE WHEN c.close_mode = '2' THEN demo_pick(c.key, 44, getvariable('demo_award_result')) END
      AS award_result,
    CASE WHEN c.close_mode = '2' AND demo_chance(c.key, 45, getvariable('demo_permille').finalAward) THEN '1'
      ELSE '0' END AS final_award
  FROM demo_case_life c
  JOIN demo_body b ON b.body_number = c.body_number
  JOIN demo_firm f ON f.firm_id = c.firm_id
  LEFT JOIN demo_case_serial n ON n.case_id = c.case_id
),
person AS (
  SELECT
    *,
    CASE WHEN demo_below(worker_key, 1, 1000) < 560 THEN '1' ELSE '2' END AS worker_gender,
    worker_reference_day - demo_quantile(worker_key, 2, getvariable('demo_age_days')) AS worker_birth_day,
    -- Asking for a relationship to be confirmed claims no money.
    CASE
      WHEN dispute_type = '01' AND claim_count = 1 THEN 0
      WHEN demo_chance(key, 46, getvariable('demo_permille').wholeYuan) THEN drawn_fen // 100 * 100
      ELSE drawn_fen
    END AS claim_fen,
    CASE WHEN accept_day IS NOT NULL THEN year(DATE '1970-01-01' + accept_day::INTEGER) END AS accept_year
  FROM matter
),
shared_out AS (
  SELECT
    *,
    CASE
      WHEN claim_count = 1 THEN claim_fen
      WHEN dispute_type = '01' THEN 0
      ELSE claim_fen * (45 + demo_below(key, 47, 30)) // 100
    END AS fen_1,
    demo_below(key, 48, 1000) AS cut_2,
    demo_below(key, 49, 1000) AS cut_3
  FROM person
),
claimed AS (
  SELECT
    *,
    CASE WHEN claim_count = 2 THEN claim_fen - fen_1
      WHEN claim_count > 2 THEN (claim_fen - fen_1) * (400 + cut_2 // 5) // 1000 END AS fen_2
  FROM shared_out
),
claimed_further AS (
  SELECT
    *,
    CASE WHEN claim_count = 3 THEN claim_fen - fen_1 - fen_2
      WHEN claim_count = 4 THEN (claim_fen - fen_1 - fen_2) * (400 + cut_3 // 5) // 1000 END AS fen_3
  FROM claimed
),
supported AS (
  SELECT
    *,
    CASE WHEN claim_count = 4 THEN claim_fen - fen_1 - fen_2 - fen_3 END AS fen_4,
    -- Thousandths of each claim that were granted.
    CASE
      WHEN close_mode = '1' THEN 300 + demo_below(key, 50, 550)
      WHEN award_result = '1' THEN 1000
      WHEN award_result = '2' THEN 0
      WHEN award_result = '3' THEN 60 + demo_below(key, 50, 840)
    END AS granted
  FROM claimed_further
),
identified AS (
  SELECT
    *,
    demo_person_stem(worker_key, district_code, worker_birth_day, worker_gender) AS worker_stem
  FROM supported
)
SELECT
  * EXCLUDE (
    worker_stem, drawn_fen, cut_2, cut_3, case_serial, case_word, accept_year, claim_fen, granted
  ),
  case_word || '劳人仲字〔' || accept_year::VARCHAR || '〕第'
    || CASE WHEN case_serial > 99999 THEN case_serial::VARCHAR ELSE lpad(case_serial::VARCHAR, 5, '0') END
    || '号' AS case_no,
  claim_fen,
  fen_1 * granted // 1000 AS granted_1,
  fen_2 * granted // 1000 AS granted_2,
  fen_3 * granted // 1000 AS granted_3,
  fen_4 * granted // 1000 AS granted_4,
  demo_person_name(worker_key, 10) AS worker_name,
  CASE WHEN demo_chance(worker_key, 5, getvariable('demo_permille').noIdentity) THEN NULL
    ELSE demo_citizen_number(worker_stem) END AS worker_id_no,
  CASE WHEN is_online THEN
    apply_day - 1 - demo_below(key, 51, 5)
  END AS submit_day,
  greatest(apply_day, accept_day, reject_day, limit_start_day, hearing_day, close_day, suspended_since_day)
    AS last_day
FROM identified;
