-- One row per kept case: whether it counts, what it counts under, and its time limit.
-- Counting and catch-alls: statistics "Who is counted"; time limit: 劳动争议调解仲裁法 art. 43, 办案规则 art. 45, 46.
CREATE TABLE case_fact AS
WITH judged AS (
  SELECT
    c.*,
    CASE WHEN o.org_code IS NULL THEN 0 ELSE 1 END AS known_org,
    CASE WHEN c.deleted = '0' THEN 0 WHEN c.deleted = '1' THEN 1 ELSE 2 END AS deletion,
    COALESCE(c.limit_start_day, c.accept_day) AS limit_from_day,
    COALESCE(c.extend_days, 0) AS extension,
    COALESCE(c.excluded_days, 0) AS exclusion_days,
    CASE WHEN c.accept_day > p.as_of_day THEN 1 ELSE 0 END AS accepted_in_future,
    CASE WHEN c.close_day < c.accept_day OR c.close_day > p.as_of_day THEN 1 ELSE 0 END AS closed_wrongly
  FROM valid_case c
  CROSS JOIN parameter p
  LEFT JOIN valid_org o ON o.org_code = c.org_code
),
limited AS (
  SELECT
    j.*,
    k.next_working_day AS deadline_day,
    k.landing_is_provisional AS deadline_is_provisional
  FROM judged j
  LEFT JOIN calendar k ON k.day_number = j.limit_from_day + 45 + j.extension + j.exclusion_days
)
SELECT
  l.case_id,
  l.case_no,
  l.org_code,
  l.known_org,
  CASE WHEN l.deletion = 1 THEN 1 ELSE 0 END AS deleted,
  CASE
    WHEN l.deletion = 0 AND l.known_org = 1 AND l.accept_day IS NOT NULL
      AND l.accepted_in_future = 0 AND l.closed_wrongly = 0 THEN 1
    ELSE 0
  END AS counted,
  CASE
    WHEN l.deletion = 1 OR l.accept_day IS NULL THEN NULL
    WHEN l.deletion = 0 AND l.known_org = 1 AND l.accepted_in_future = 0 AND l.closed_wrongly = 0 THEN NULL
    ELSE CONCAT_WS(',',
      CASE WHEN l.known_org = 0 THEN 'V005' END,
      CASE WHEN l.accepted_in_future = 1 THEN 'V006' END,
      CASE WHEN l.closed_wrongly = 1 THEN 'V009' END,
      CASE WHEN l.deletion = 2 THEN 'V050' END)
  END AS exclusion,
  CASE
    WHEN l.deletion = 0 AND l.known_org = 1 AND l.accept_day IS NULL AND l.reject_day IS NOT NULL THEN 1
    ELSE 0
  END AS is_rejected,
  l.apply_day,
  l.accept_day,
  l.reject_day,
  l.close_day,
  l.limit_from_day AS limit_start_day,
  l.suspended_since_day,
  l.deadline_day,
  l.deadline_is_provisional,
  CASE WHEN l.close_day <= l.deadline_day THEN 1 ELSE 0 END AS is_in_limit,
  CAST(l.close_day - l.limit_from_day - l.exclusion_days AS BIGINT) AS trial_days,
  CAST(COALESCE(l.worker_count, 0) AS BIGINT) AS worker_count,
  l.is_collective,
  l.applicant_side,
  COALESCE(t.code, '99') AS dispute_type,
  COALESCE(e.macro_group, '其他') AS employer_group,
  COALESCE(i.code, 'Z') AS industry_code,
  l.close_mode,
  l.final_award,
  l.award_result,
  l.claim_amount,
  l.award_amount,
  l.case_status
FROM limited l
LEFT JOIN code_list t ON t.list = 'dispute_type' AND t.code = l.dispute_type
LEFT JOIN code_list e ON e.list = 'employer_nature' AND e.code = l.employer_nature
LEFT JOIN code_list i ON i.list = 'industry' AND i.code = l.industry_code;
