-- One row per undeleted online case that no pre-application belongs to: of the period (is_listed), or listed by the run
-- before (is_earlier).
CREATE TABLE orphan_case AS
SELECT
  c.*,
  CASE
    WHEN c.apply_day BETWEEN p.start_day AND p.end_day OR c.accept_day BETWEEN p.start_day AND p.end_day THEN 1
    ELSE 0
  END AS is_listed,
  CASE WHEN e.case_id IS NOT NULL THEN 1 ELSE 0 END AS is_earlier
FROM compared_case c
CROSS JOIN parameter p
LEFT JOIN link l ON l.case_row = c.case_row
LEFT JOIN (SELECT DISTINCT case_id FROM earlier_subject WHERE class = 'ORPHAN_CASE') e ON e.case_id = c.case_id
WHERE c.apply_channel = '2'
  AND l.case_row IS NULL
  AND (c.apply_day BETWEEN p.start_day AND p.end_day
    OR c.accept_day BETWEEN p.start_day AND p.end_day
    OR e.case_id IS NOT NULL);
