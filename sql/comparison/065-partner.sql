-- One row per unlinked pre-application or orphan case and likely partner, best first. Only what reaches the threshold is
-- named, and of several at most three.
CREATE OR REPLACE TABLE partner AS
WITH scored AS (
  SELECT s.pre_row, s.case_row, s.score, s.reasons
  FROM pair_score s
  JOIN block_pair b ON b.pre_row = s.pre_row AND b.case_row = s.case_row
  WHERE s.score >= (SELECT threshold FROM evidence_threshold)
),
ranked AS (
  SELECT 'pre_application' AS subject, s.*, row_number() OVER (
    PARTITION BY s.pre_row ORDER BY s.score DESC, abs(c.apply_day - p.submit_day), c.case_id NULLS LAST, s.case_row) AS place
  FROM scored s
  JOIN unlinked_pre p ON p.pre_row = s.pre_row AND p.is_listed = 1
  JOIN compared_case c ON c.case_row = s.case_row
  UNION ALL
  SELECT 'case', s.*, row_number() OVER (
    PARTITION BY s.case_row ORDER BY s.score DESC, abs(c.apply_day - p.submit_day), p.pre_app_id NULLS LAST, s.pre_row)
  FROM scored s
  JOIN unlinked_case c ON c.case_row = s.case_row AND c.is_orphan = 1
  JOIN unlinked_pre p ON p.pre_row = s.pre_row
)
SELECT
  r.subject, r.place, r.score, r.reasons, r.pre_row, r.case_row,
  COALESCE(p.pre_app_id, '') AS pre_app_id,
  COALESCE(CAST(c.case_id AS VARCHAR), '') AS case_id,
  c.case_id AS case_number,
  COALESCE(CASE r.subject WHEN 'case' THEN c.org_code ELSE p.org_code END, '') AS org_code,
  p.submit_day,
  c.apply_day
FROM ranked r
JOIN compared_pre_application p ON p.pre_row = r.pre_row
JOIN compared_case c ON c.case_row = r.case_row
WHERE r.place <= 3;
