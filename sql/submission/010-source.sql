-- One row per case that is to be reported, per party and per claim: what a record can say of it, codes as the source has
-- them. To be reported: not removed by the business and accepted by the end of the period (national submission, Record).
CREATE OR REPLACE VIEW submission_case AS
SELECT
  c.case_id,
  c.case_no,
  c.org_code,
  o.district_code,
  day_text(c.apply_day) AS apply_date,
  day_text(c.accept_day) AS accept_date,
  c.apply_channel,
  c.dispute_type,
  c.employer_nature,
  c.applicant_side,
  c.industry_code,
  c.worker_count,
  c.is_collective,
  c.claim_amount,
  day_text(c.deadline_day) AS limit_date,
  c.extend_days,
  c.excluded_days,
  c.case_status,
  day_text(c.close_day) AS close_date,
  c.close_mode,
  c.final_award,
  c.award_result,
  c.award_amount,
  c.deleted
FROM case_record c
CROSS JOIN parameter p
LEFT JOIN valid_org o ON o.org_code = c.org_code
WHERE c.case_id IS NOT NULL AND c.is_undeleted AND c.accept_day <= p.end_day;

-- A number given for an organisation of the form of a citizen number is treated as a person's unless it is a credit code
-- and no citizen number: one of Beijing's in thirty-one has a credit code's check character, too.
CREATE OR REPLACE VIEW submission_party AS
SELECT
  party_id,
  case_id,
  role,
  party_kind,
  name,
  id_no,
  COALESCE(gender, CASE WHEN id_birth_day IS NOT NULL THEN citizen_gender(id_no) END) AS gender,
  CAST(date_part('year', day_date(COALESCE(birth_day, id_birth_day))) AS VARCHAR) AS birth_year,
  CASE
    WHEN party_kind = '1' THEN TRUE
    WHEN id_no IS NULL OR NOT regexp_full_match(id_no, '[0-9]{17}[0-9X]') THEN FALSE
    WHEN id_is_valid IS DISTINCT FROM 1 THEN TRUE
    ELSE citizen_birth_day(id_no) IS NOT NULL
      AND citizen_check_character(CAST(substr(id_no, 1, 17) AS BIGINT), residues) = substr(id_no, 18, 1)
  END AS is_person
FROM valid_party
CROSS JOIN digit_residues()
WHERE case_id IS NOT NULL;

CREATE OR REPLACE VIEW submission_claim AS
SELECT claim_id, case_id, claim_type, amount, supported_amount
FROM valid_claim
WHERE case_id IS NOT NULL;
