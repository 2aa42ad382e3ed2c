-- One row per problem of this run or the run before: new, staying, or resolved (class_now says what it is today; empty
-- where the record is gone or no longer of the kind). A problem whose class changed is resolved and new.
CREATE OR REPLACE TABLE comparison_difference AS
SELECT
  s.state, s.pre_app_id, s.case_id, s.org_code, s.class, s.class AS class_now, s.first_seen, s.age_days, s.class_position
FROM comparison_subject s
WHERE s.is_problem = 1
UNION ALL
SELECT 'resolved', e.pre_app_id, e.case_id, COALESCE(m.org_code, e.org_code), e.class, m.class, e.first_seen,
  today.working_day_number - seen.working_day_number, k.position
FROM earlier_subject e
JOIN comparison_class k ON k.class = e.class
CROSS JOIN parameter p
LEFT JOIN classified m ON m.pre_app_id = e.pre_app_id
LEFT JOIN calendar today ON today.day_number = p.as_of_day
LEFT JOIN calendar seen ON seen.day_text = e.first_seen
WHERE NOT EXISTS (
  SELECT 1 FROM comparison_subject s
  WHERE s.class = e.class
    AND COALESCE(s.pre_app_id, '|' || CAST(s.case_id AS VARCHAR)) = COALESCE(e.pre_app_id, '|' || CAST(e.case_id AS VARCHAR)));
