-- One row per case of the slice.
INSERT INTO demo_arb_case (
  case_id, case_no, org_code, pre_app_id, apply_date, apply_channel, accept_date, reject_date,
  limit_start_date, excluded_days, suspended_since, extend_days, dispute_type, applicant_side, worker_count,
  is_collective, employer_nature, industry_code, claim_amount, hearing_date, close_date, close_mode,
  final_award, award_result, award_amount, case_status, deleted, created_at, updated_at
)
SELECT
  case_id,
  case_no,
  b.org_code,
  CASE WHEN is_online THEN 'YSQ' || demo_ymd(submit_day)::VARCHAR || lpad(case_id::VARCHAR, 9, '0') END,
  -- The portal leaves its time of day in the date, as Oracle allows.
  demo_time(apply_day, CASE WHEN is_online THEN 32400 + demo_below(key, 61, 28800) ELSE 0 END),
  apply_channel,
  demo_time(accept_day, 0),
  demo_time(reject_day, 0),
  demo_time(limit_start_day, 0),
  excluded_days,
  demo_time(suspended_since_day, 0),
  extend_days,
  dispute_type,
  applicant_side,
  worker_count,
  CASE WHEN worker_count >= 10 THEN '1' ELSE '0' END,
  employer_nature,
  industry_code,
  demo_yuan(claim_fen),
  demo_time(hearing_day, 0),
  demo_time(close_day, 0),
  close_mode,
  final_award,
  award_result,
  demo_yuan(granted_1 + coalesce(granted_2, 0) + coalesce(granted_3, 0) + coalesce(granted_4, 0)),
  case_status,
  CASE WHEN is_deleted THEN '1' ELSE '0' END,
  demo_time(apply_day, 61200 + demo_below(key, 62, 1800)),
  demo_time(last_day, 63000 + demo_below(key, 63, 3600))
FROM demo_case
JOIN demo_body b ON b.body_number = demo_case.body_number;
