-- One row per kept case: whether it counts, what it counts under, and its time limit.
-- A code that stands in none of its list (unlisted), or none, counts under the catch-all of the breakdown.
CREATE VIEW case_fact AS
SELECT
  r.case_id,
  r.case_no,
  r.org_code,
  CASE WHEN r.is_known_body THEN 1 ELSE 0 END AS known_org,
  CASE WHEN r.deletion = 1 THEN 1 ELSE 0 END AS deleted,
  CAST(r.counted AS INTEGER) AS counted,
  CASE
    WHEN r.counted = 1 OR r.deletion = 1 OR r.accept_day IS NULL THEN NULL
    ELSE CONCAT_WS(',',
      CASE WHEN NOT r.is_known_body THEN 'V005' END,
      CASE WHEN r.accepted_in_future = 1 THEN 'V006' END,
      CASE WHEN r.closed_wrongly = 1 THEN 'V009' END,
      CASE WHEN r.deletion = 2 THEN 'V050' END)
  END AS exclusion,
  CASE
    WHEN r.deletion = 0 AND r.is_known_body AND r.accept_day IS NULL AND r.reject_day IS NOT NULL THEN 1
    ELSE 0
  END AS is_rejected,
  r.apply_day,
  r.accept_day,
  r.reject_day,
  r.close_day,
  COALESCE(r.limit_start_day, r.accept_day) AS limit_start_day,
  r.suspended_since_day,
  r.deadline_day,
  r.deadline_is_provisional,
  CASE WHEN r.close_day <= r.deadline_day THEN 1 ELSE 0 END AS is_in_limit,
  CAST(r.close_day - COALESCE(r.limit_start_day, r.accept_day) - COALESCE(r.excluded_days, 0) AS BIGINT) AS trial_days,
  CAST(COALESCE(r.worker_count, 0) AS BIGINT) AS worker_count,
  r.is_collective,
  r.applicant_side,
  COALESCE(CASE
    WHEN r.unlisted IS NULL THEN r.dispute_type
    WHEN CONCAT_WS('', ',', r.unlisted, ',') LIKE '%,DISPUTE_TYPE,%' THEN NULL
    ELSE r.dispute_type
  END, '99') AS dispute_type,
  COALESCE(r.employer_nature_group, '其他') AS employer_group,
  COALESCE(CASE
    WHEN r.unlisted IS NULL THEN r.industry_code
    WHEN CONCAT_WS('', ',', r.unlisted, ',') LIKE '%,INDUSTRY_CODE,%' THEN NULL
    ELSE r.industry_code
  END, 'Z') AS industry_code,
  r.close_mode,
  r.final_award,
  r.award_result,
  r.claim_amount,
  r.award_amount,
  r.case_status
FROM case_record r;
