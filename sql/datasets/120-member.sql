-- One row per pre-application that is classified: those of the report (is_listed), those of the twelve months of the
-- trend (month_offset), and those that the run before had listed (is_earlier), so that what became of them is known.
CREATE TABLE member AS
WITH linked AS (
  SELECT l.pre_row, COUNT(*) AS case_count, MIN(l.case_row) AS first_case_row, MAX(s.sharing) AS sharing,
    MAX(l.by_case_no) AS by_case_no
  FROM link l
  JOIN (SELECT case_row, COUNT(*) AS sharing FROM link GROUP BY case_row) s ON s.case_row = l.case_row
  GROUP BY l.pre_row
),
misnamed AS (
  SELECT p.pre_row
  FROM compared_pre_application p
  JOIN link l ON l.pre_row = p.pre_row AND l.by_case_no = 1
  JOIN compared_case c ON c.case_row = l.case_row
  WHERE c.pre_app_id <> COALESCE(p.pre_app_id, '')
  GROUP BY p.pre_row
),
-- Days before rows: of those there are few, whatever the number of pre-applications.
trend_day AS (
  SELECT d.submit_day, t.month_offset
  FROM (SELECT DISTINCT submit_day FROM compared_pre_application) d
  JOIN trend_month t ON d.submit_day BETWEEN t.start_day AND t.end_day
),
chosen AS (
  SELECT
    p.pre_row,
    l.case_count,
    l.first_case_row,
    l.sharing,
    l.by_case_no,
    CASE
      WHEN p.submit_day BETWEEN q.start_day AND q.end_day THEN 1
      WHEN p.submit_day < q.start_day
        AND (p.status IN ('1', '3') OR (p.status = '2' AND l.pre_row IS NULL)) THEN 1
      ELSE 0
    END AS is_listed,
    CASE WHEN e.pre_app_id IS NOT NULL THEN 1 ELSE 0 END AS is_earlier,
    t.month_offset
  FROM compared_pre_application p
  CROSS JOIN parameter q
  LEFT JOIN linked l ON l.pre_row = p.pre_row
  LEFT JOIN (SELECT DISTINCT pre_app_id FROM earlier_subject) e ON e.pre_app_id = p.pre_app_id
  LEFT JOIN trend_day t ON t.submit_day = p.submit_day
),
judged AS (
  SELECT
    p.*,
    COALESCE(s.case_count, 0) AS case_count,
    CASE WHEN s.case_count = 1 THEN s.first_case_row END AS case_row,
    CASE WHEN s.case_count > 1 THEN 1 ELSE 0 END AS has_several_cases,
    CASE WHEN s.sharing > 1 THEN 1 ELSE 0 END AS shares_its_case,
    CASE WHEN m.pre_row IS NOT NULL THEN 1 ELSE 0 END AS names_case_of_another,
    -- Whatever case has the number is linked by it.
    CASE WHEN p.case_no IS NOT NULL AND COALESCE(s.by_case_no, 0) = 0 THEN 1 ELSE 0 END AS names_no_case,
    s.is_listed,
    s.is_earlier,
    s.month_offset
  FROM chosen s
  JOIN compared_pre_application p ON p.pre_row = s.pre_row
  LEFT JOIN misnamed m ON m.pre_row = p.pre_row
  WHERE s.is_listed = 1 OR s.is_earlier = 1 OR s.month_offset IS NOT NULL
),
kept AS (
  SELECT
    j.*,
    CASE
      WHEN j.has_several_cases + j.shares_its_case + j.names_case_of_another + j.names_no_case > 0 THEN 1
      ELSE 0
    END AS is_conflict
  FROM judged j
)
SELECT
  k.*,
  -- Not linked, and neither refused nor withdrawn: what it repeats, and the case that it may belong to, is looked for.
  CASE WHEN k.case_count = 0 AND k.is_conflict = 0 AND k.status IN ('1', '2', '3') THEN 1 ELSE 0 END AS is_open
FROM kept k;
