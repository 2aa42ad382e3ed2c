-- One row per record of revision_delta and side (old: the frozen facts, new: today's) on which it exists.
-- place: before the year's first day (0), before the period's first day (1), in the period (2), after it or never (3),
-- in the spans that were published (revision_span, one row).
CREATE TABLE revision_side AS
WITH touched AS (
  SELECT DISTINCT is_mediation, record_id FROM revision_delta
),
side AS (
  SELECT
    'old' AS side, 0 AS is_mediation, case_id AS record_id, case_no, org_code, known_org, deleted, counted, exclusion,
    is_rejected, accept_day, reject_day, close_day,
    CONCAT_WS(' ', is_collective, applicant_side, CAST(worker_count AS VARCHAR),
      COALESCE(CAST(claim_amount AS VARCHAR), '-')) AS accepted_with,
    CONCAT_WS(' ', COALESCE(close_mode, '-'), COALESCE(final_award, '-'), COALESCE(award_result, '-'),
      COALESCE(CAST(award_amount AS VARCHAR), '-'), COALESCE(CAST(trial_days AS VARCHAR), '-')) AS closed_with
  FROM old_case_fact
  UNION ALL
  SELECT
    'new', 0, case_id, case_no, org_code, known_org, deleted, counted, exclusion,
    is_rejected, accept_day, reject_day, close_day,
    CONCAT_WS(' ', is_collective, applicant_side, CAST(worker_count AS VARCHAR),
      COALESCE(CAST(claim_amount AS VARCHAR), '-')),
    CONCAT_WS(' ', COALESCE(close_mode, '-'), COALESCE(final_award, '-'), COALESCE(award_result, '-'),
      COALESCE(CAST(award_amount AS VARCHAR), '-'), COALESCE(CAST(trial_days AS VARCHAR), '-'))
  FROM case_fact
  UNION ALL
  SELECT
    'old', 1, mediation_id, NULL, org_code, known_org, deleted, counted, exclusion,
    0, accept_day, NULL, close_day,
    CAST(worker_count AS VARCHAR), COALESCE(CAST(amount AS VARCHAR), '-')
  FROM old_mediation_fact
  UNION ALL
  SELECT
    'new', 1, mediation_id, NULL, org_code, known_org, deleted, counted, exclusion,
    0, accept_day, NULL, close_day,
    CAST(worker_count AS VARCHAR), COALESCE(CAST(amount AS VARCHAR), '-')
  FROM mediation_fact
)
SELECT
  f.side, f.is_mediation, f.record_id, f.case_no, f.org_code, f.known_org, f.deleted, f.counted, f.exclusion,
  f.is_rejected, f.accept_day, f.reject_day, f.close_day, f.accepted_with, f.closed_with,
  CASE
    WHEN f.accept_day < s.flow_start_day THEN 0
    WHEN f.accept_day < s.month_start_day THEN 1
    WHEN f.accept_day <= s.end_day THEN 2
    ELSE 3
  END AS accept_place,
  CASE
    WHEN f.close_day < s.flow_start_day THEN 0
    WHEN f.close_day < s.month_start_day THEN 1
    WHEN f.close_day <= s.end_day THEN 2
    ELSE 3
  END AS close_place
FROM side f
CROSS JOIN revision_span s
JOIN touched t ON t.is_mediation = f.is_mediation AND t.record_id = f.record_id;
