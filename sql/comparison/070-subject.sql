-- One row per pre-application or orphan case of the report, and per one that was a problem in the run before and lies
-- outside of it today (is_listed 0): its class and what stands behind it. No names, no numbers of persons.
CREATE OR REPLACE TABLE comparison_subject AS
WITH subject AS (
  SELECT
    m.pre_row,
    NULL AS orphan_row,
    m.pre_app_id,
    c.case_id,
    m.org_code,
    m.class,
    (SELECT string_agg(DISTINCT l.field, ',' ORDER BY l.field) FROM comparison_line l
      WHERE l.pre_row = m.pre_row AND l.field <> '') AS fields,
    m.status,
    m.case_no,
    m.submit_day,
    m.review_day,
    c.accept_day,
    m.days_since_submit,
    reviewed.working_day_number - submitted.working_day_number AS days_to_review,
    accepted.working_day_number - submitted.working_day_number AS days_to_accept,
    m.case_count,
    m.has_several_cases,
    m.shares_its_case,
    m.names_case_of_another,
    m.names_no_case,
    m.is_listed
  FROM classified m
  LEFT JOIN compared_case c ON c.case_row = m.case_row
  LEFT JOIN calendar submitted ON submitted.day_number = m.submit_day
  LEFT JOIN calendar reviewed ON reviewed.day_number = m.review_day
  LEFT JOIN calendar accepted ON accepted.day_number = c.accept_day
  WHERE m.is_listed = 1 OR m.is_earlier = 1
  UNION ALL
  SELECT NULL, o.case_row, NULL, o.case_id, o.org_code, 'ORPHAN_CASE', NULL, o.case_status, o.case_no, NULL, NULL, o.accept_day, NULL, NULL,
    NULL, 0, 0, 0, 0, 0, o.is_listed
  FROM orphan_case o
)
SELECT
  s.*,
  k.position AS class_position,
  k.is_problem,
  CASE WHEN e.class IS NOT NULL AND k.is_problem = 1 THEN e.first_seen ELSE p.as_of END AS first_seen,
  CASE WHEN k.is_problem = 0 THEN NULL WHEN e.class IS NOT NULL THEN 'staying' ELSE 'new' END AS state,
  today.working_day_number - seen.working_day_number AS age_days
FROM subject s
JOIN comparison_class k ON k.class = s.class
CROSS JOIN (SELECT day_text(as_of_day) AS as_of, as_of_day FROM parameter) p
LEFT JOIN earlier_subject e ON e.class = s.class
  AND COALESCE(e.pre_app_id, '|' || CAST(e.case_id AS VARCHAR)) = COALESCE(s.pre_app_id, '|' || CAST(s.case_id AS VARCHAR))
LEFT JOIN calendar today ON today.day_number = p.as_of_day
LEFT JOIN calendar seen ON seen.day_text = CASE WHEN e.class IS NOT NULL THEN e.first_seen ELSE p.as_of END;
