-- One row per window, population and member: everything that an indicator sums or asks about.
-- Open at a day = accepted by that day and not closed by it.
CREATE VIEW population AS
SELECT
  w.window_id,
  'accepted' AS population,
  c.org_code,
  c.case_id AS record_id,
  CAST(1 AS BIGINT) AS one,
  c.worker_count,
  c.claim_amount AS amount,
  c.award_amount,
  c.trial_days,
  c.is_collective,
  c.applicant_side,
  c.dispute_type,
  c.employer_group,
  c.industry_code,
  c.close_mode,
  c.final_award,
  c.award_result,
  c.is_in_limit,
  0 AS is_overdue,
  '' AS mediator_kind,
  0 AS is_success
FROM case_fact c
JOIN period_window w ON c.accept_day BETWEEN w.start_day AND w.end_day
WHERE c.counted = 1
UNION ALL
SELECT
  w.window_id, 'closed', c.org_code, c.case_id, CAST(1 AS BIGINT), c.worker_count, c.claim_amount, c.award_amount,
  c.trial_days, c.is_collective, c.applicant_side, c.dispute_type, c.employer_group, c.industry_code,
  c.close_mode, c.final_award, c.award_result, c.is_in_limit, 0, '', 0
FROM case_fact c
JOIN period_window w ON c.close_day BETWEEN w.start_day AND w.end_day
WHERE c.counted = 1
UNION ALL
SELECT
  w.window_id, 'opening_stock', c.org_code, c.case_id, CAST(1 AS BIGINT), c.worker_count, c.claim_amount,
  c.award_amount, c.trial_days, c.is_collective, c.applicant_side, c.dispute_type, c.employer_group,
  c.industry_code, c.close_mode, c.final_award, c.award_result, c.is_in_limit, 0, '', 0
FROM case_fact c
JOIN period_window w ON c.accept_day < w.start_day AND (c.close_day IS NULL OR c.close_day >= w.start_day)
WHERE c.counted = 1
UNION ALL
SELECT
  w.window_id, 'closing_stock', c.org_code, c.case_id, CAST(1 AS BIGINT), c.worker_count, c.claim_amount,
  c.award_amount, c.trial_days, c.is_collective, c.applicant_side, c.dispute_type, c.employer_group,
  c.industry_code, c.close_mode, c.final_award, c.award_result, c.is_in_limit,
  CASE
    WHEN c.deadline_day <= w.end_day AND (c.suspended_since_day IS NULL OR c.suspended_since_day > w.end_day) THEN 1
    ELSE 0
  END,
  '', 0
FROM case_fact c
JOIN period_window w ON c.accept_day <= w.end_day AND (c.close_day IS NULL OR c.close_day > w.end_day)
WHERE c.counted = 1
UNION ALL
SELECT
  w.window_id, 'rejected', c.org_code, c.case_id, CAST(1 AS BIGINT), c.worker_count, c.claim_amount, c.award_amount,
  c.trial_days, c.is_collective, c.applicant_side, c.dispute_type, c.employer_group, c.industry_code,
  c.close_mode, c.final_award, c.award_result, c.is_in_limit, 0, '', 0
FROM case_fact c
CROSS JOIN parameter p
JOIN period_window w ON c.reject_day BETWEEN w.start_day AND w.end_day
WHERE c.is_rejected = 1 AND c.reject_day <= p.as_of_day
UNION ALL
SELECT
  w.window_id, 'mediation_accepted', m.org_code, m.mediation_id, CAST(1 AS BIGINT), m.worker_count, m.amount,
  CAST(NULL AS DECIMAL(18, 2)), CAST(NULL AS BIGINT), '', '', '', '', '', '', '', '', 0, 0, m.mediator_kind,
  m.is_success
FROM mediation_fact m
JOIN period_window w ON m.accept_day BETWEEN w.start_day AND w.end_day
WHERE m.counted = 1
UNION ALL
SELECT
  w.window_id, 'mediation_closed', m.org_code, m.mediation_id, CAST(1 AS BIGINT), m.worker_count, m.amount,
  CAST(NULL AS DECIMAL(18, 2)), CAST(NULL AS BIGINT), '', '', '', '', '', '', '', '', 0, 0, m.mediator_kind,
  m.is_success
FROM mediation_fact m
JOIN period_window w ON m.close_day BETWEEN w.start_day AND w.end_day
WHERE m.counted = 1;
