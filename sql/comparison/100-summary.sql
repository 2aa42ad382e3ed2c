-- One row per body and for the whole (ALL): listed pre-applications and cases by class, and nearest-rank percentiles of the
-- working days from submission to review and to acceptance.
CREATE OR REPLACE TABLE comparison_summary AS
WITH listed AS (
  SELECT s.*, COALESCE(o.org_code, '其他') AS body
  FROM comparison_subject s
  LEFT JOIN valid_org o ON o.org_code = s.org_code
  WHERE s.is_listed = 1
),
counted AS (
  SELECT body AS org_code, class, case_count, days_to_review, days_to_accept FROM listed
  UNION ALL
  SELECT 'ALL', class, case_count, days_to_review, days_to_accept FROM listed
),
review AS (
  SELECT org_code, days_to_review AS days,
    row_number() OVER (PARTITION BY org_code ORDER BY days_to_review) AS place,
    count(*) OVER (PARTITION BY org_code) AS n
  FROM counted WHERE days_to_review IS NOT NULL
),
acceptance AS (
  SELECT org_code, days_to_accept AS days,
    row_number() OVER (PARTITION BY org_code ORDER BY days_to_accept) AS place,
    count(*) OVER (PARTITION BY org_code) AS n
  FROM counted WHERE days_to_accept IS NOT NULL
),
totals AS (
  SELECT org_code, class, COUNT(*) AS n, COUNT(*) FILTER (case_count > 0) AS linked
  FROM counted GROUP BY org_code, class
)
SELECT
  t.org_code, t.class, t.n, t.linked,
  (SELECT min(days) FROM review r WHERE r.org_code = t.org_code AND 100 * r.place >= 50 * r.n) AS review_median,
  (SELECT min(days) FROM review r WHERE r.org_code = t.org_code AND 100 * r.place >= 90 * r.n) AS review_p90,
  (SELECT min(days) FROM acceptance r WHERE r.org_code = t.org_code AND 100 * r.place >= 50 * r.n) AS accept_median,
  (SELECT min(days) FROM acceptance r WHERE r.org_code = t.org_code AND 100 * r.place >= 90 * r.n) AS accept_p90
FROM totals t;

-- One row per month of the trend and body: the pre-applications submitted in it, as they stand today.
CREATE OR REPLACE TABLE comparison_trend AS
WITH submitted AS (
  SELECT c.month_offset, COALESCE(o.org_code, '其他') AS org_code, c.class, c.case_count
  FROM classified c
  LEFT JOIN valid_org o ON o.org_code = c.org_code
  WHERE c.month_offset IS NOT NULL
)
SELECT month_offset, COALESCE(org_code, 'ALL') AS org_code, class, COUNT(*) AS n, COUNT(*) FILTER (case_count > 0) AS linked
FROM submitted
GROUP BY GROUPING SETS ((month_offset, org_code, class), (month_offset, class));

-- One row per line of the lists for people: a line of the data file with what a clerk needs to find the record and to
-- see what is wrong with it. Codes stand with their names; names of persons are masked in shown_….
CREATE OR REPLACE TABLE comparison_record AS
WITH value_name AS (
  SELECT 'ORG_CODE' AS field, org_code AS value, org_name AS name FROM valid_org
  UNION ALL
  SELECT 'DISPUTE_TYPE', code, name FROM code_list WHERE list = 'dispute_type'
),
worded AS (
  SELECT l.*,
    concat_ws(' ', l.pre_value, v1.name) AS worded_pre_value,
    concat_ws(' ', l.case_value, v2.name) AS worded_case_value
  FROM comparison_line l
  LEFT JOIN value_name v1 ON v1.field = l.field AND v1.value = l.pre_value
  LEFT JOIN value_name v2 ON v2.field = l.field AND v2.value = l.case_value
)
SELECT
  l.line_number, l.class, l.pre_app_id, l.case_id, l.org_code, COALESCE(o.org_code, '其他') AS body, l.field,
  l.worded_pre_value AS pre_value,
  l.worded_case_value AS case_value,
  CASE WHEN l.field LIKE '%\_NAME' ESCAPE '\' THEN COALESCE(p.pre_value, masked_name(NULLIF(l.pre_value, '')), '')
    ELSE l.worded_pre_value END AS shown_pre_value,
  CASE WHEN l.field LIKE '%\_NAME' ESCAPE '\' THEN COALESCE(p.case_value, masked_name(NULLIF(l.case_value, '')), '')
    ELSE l.worded_case_value END AS shown_case_value,
  l.score, COALESCE(w.reasons, '') AS reasons, m.status AS status_code,
  COALESCE(k.name, m.status, '') AS status,
  COALESCE(m.case_no, c.case_no, '') AS case_no, CASE WHEN m.submit_day IS NULL THEN c.apply_day ELSE m.submit_day END AS day,
  s.first_seen, s.age_days, s.state,
  m.has_several_cases, m.shares_its_case, m.names_case_of_another, m.names_no_case,
  c.accept_day,
  CASE WHEN c.pre_app_id IS NULL THEN 0 ELSE 1 END AS case_names_one,
  CASE WHEN l.class = 'MISSING_CASE' THEN m.days_since_approval ELSE m.days_since_submit END AS waiting_days,
  CASE WHEN l.class = 'DUPLICATE' THEN record_name(y.pre_app_id) END AS earlier_id
FROM worded l
LEFT JOIN valid_org o ON o.org_code = l.org_code
LEFT JOIN classified m ON m.pre_row = l.pre_row
LEFT JOIN compared_case c ON c.case_row = l.case_row
LEFT JOIN code_list k ON k.list = 'pre_application_status' AND k.code = m.status
LEFT JOIN repetition e ON e.pre_row = l.pre_row
LEFT JOIN compared_pre_application y ON y.pre_row = e.earlier_row
LEFT JOIN pair_score w ON w.pre_row = l.pre_row AND w.case_row = l.case_row
LEFT JOIN (
    SELECT first_seen, age_days, state, COALESCE('p' || CAST(pre_row AS VARCHAR), 'c' || CAST(orphan_row AS VARCHAR)) AS record
    FROM comparison_subject) s
  ON s.record = COALESCE('p' || CAST(l.pre_row AS VARCHAR), 'c' || CAST(l.case_row AS VARCHAR))
LEFT JOIN comparison_proof p ON p.kind = 'field' AND p.pre_app_id = l.pre_app_id AND p.field = l.field
  AND CAST(p.case_id AS VARCHAR) = l.case_id;
