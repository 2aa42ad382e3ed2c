-- One row per classified pre-application: the first class that fits. Waiting is counted in working days after a day,
-- up to and including the as-of day.
CREATE TABLE classified AS
WITH waiting AS (
  SELECT
    m.pre_row,
    today.working_day_number - submitted.working_day_number AS days_since_submit,
    today.working_day_number - approved.working_day_number AS days_since_approval
  FROM member m
  CROSS JOIN parameter p
  LEFT JOIN calendar today ON today.day_number = p.as_of_day
  LEFT JOIN calendar submitted ON submitted.day_number = m.submit_day
  LEFT JOIN calendar approved ON approved.day_number = COALESCE(m.review_day, m.submit_day)
)
SELECT
  m.*,
  w.days_since_submit,
  w.days_since_approval,
  CASE
    WHEN m.is_conflict = 1 THEN 'LINK_CONFLICT'
    WHEN m.status IN ('1', '3', '4', '5') AND a.accept_day IS NOT NULL THEN 'STATUS_CONFLICT'
    WHEN m.status = '2' AND a.case_status = '60' THEN 'STATUS_CONFLICT'
    WHEN a.org_code_differs + a.applicant_name_differs + a.applicant_id_differs + a.respondent_name_differs
      + a.respondent_id_differs + a.dispute_type_differs + a.claim_amount_differs > 0 THEN 'FIELD_DIFF'
    WHEN a.pre_row IS NOT NULL THEN 'MATCHED'
    WHEN EXISTS (SELECT 1 FROM repetition r WHERE r.pre_row = m.pre_row) THEN 'DUPLICATE'
    WHEN EXISTS (SELECT 1 FROM candidate c WHERE c.pre_row = m.pre_row) THEN 'PROBABLE_MATCH'
    WHEN m.status = '2' AND w.days_since_approval > 5 THEN 'MISSING_CASE'
    WHEN m.status = '1' AND w.days_since_submit > 5 THEN 'OVERDUE_REVIEW'
    WHEN m.status IN ('4', '5') THEN 'CLOSED_UNLINKED'
    ELSE 'IN_PROGRESS'
  END AS class
FROM member m
JOIN waiting w ON w.pre_row = m.pre_row
LEFT JOIN agreement a ON a.pre_row = m.pre_row;
