-- One row per record behind any figure of the cockpit: what a person sees of it, names of persons masked.
CREATE OR REPLACE TEMP MACRO day_text_or_null(day) AS CASE WHEN day BETWEEN -719162 AND 2932896 THEN day_text(day) END;

CREATE TABLE cockpit_record AS
WITH wanted AS (SELECT kind, record_id FROM cockpit_member GROUP BY kind, record_id),
-- Rows without a key have none to be found by.
wanted_case AS (SELECT TRY_CAST(record_id AS BIGINT) AS case_id, kind, record_id FROM wanted WHERE kind = 'case'),
wanted_mediation AS (
  SELECT TRY_CAST(record_id AS BIGINT) AS mediation_id, kind, record_id FROM wanted WHERE kind = 'mediation'
),
party AS (
  SELECT
    case_id,
    string_agg(shown_name, '、' ORDER BY party_id) FILTER (WHERE role = '1') AS applicants,
    string_agg(shown_name, '、' ORDER BY party_id) FILTER (WHERE role = '2') AS respondents
  FROM shown_party
  WHERE case_id IN (SELECT case_id FROM wanted_case)
  GROUP BY case_id
),
named AS (SELECT list, code, name FROM code_list)
SELECT
  w.kind,
  w.record_id,
  c.org_code,
  c.case_no AS title,
  day_text_or_null(c.accept_day) AS start_date,
  day_text_or_null(c.close_day) AS end_date,
  day_text_or_null(c.deadline_day) AS deadline,
  s.name AS status,
  t.name AS detail,
  p.applicants,
  p.respondents
FROM wanted_case w
JOIN case_fact c ON c.case_id = w.case_id
LEFT JOIN party p ON p.case_id = c.case_id
LEFT JOIN named s ON s.list = 'case_status' AND s.code = c.case_status
LEFT JOIN named t ON t.list = 'dispute_type' AND t.code = c.dispute_type
UNION ALL
SELECT
  w.kind, w.record_id, m.org_code, NULL, day_text_or_null(m.accept_day), day_text_or_null(m.close_day), NULL,
  CASE WHEN m.is_success = 1 THEN '调解成功' END, k.name, NULL, NULL
FROM wanted_mediation w
JOIN mediation_fact m ON m.mediation_id = w.mediation_id
LEFT JOIN named k ON k.list = 'mediator_kind' AND k.code = m.mediator_kind
UNION ALL
SELECT
  w.kind, w.record_id, a.org_code, a.case_no, day_text_or_null(a.submit_day), day_text_or_null(a.review_day), NULL,
  s.name, NULL, a.shown_applicant, a.shown_respondent
FROM wanted w
JOIN shown_pre_application a ON a.pre_app_id = w.record_id
LEFT JOIN named s ON s.list = 'pre_application_status' AND s.code = a.status
WHERE w.kind = 'pre_application'
UNION ALL
SELECT
  w.kind, w.record_id, f.org_code, concat_ws(' ', f.scope, f.record_key), f.first_seen, NULL, NULL, f.state,
  concat_ws(' ', f.field, f.value, f.message), NULL, NULL
FROM wanted w
JOIN shown_finding f ON f.record_id = w.record_id
WHERE w.kind = 'finding';
