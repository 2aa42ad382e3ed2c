-- One row per undeleted case that breaks V022: its time limit restarts without acceptance, before it,
-- or after closing (while open: after the snapshot date) (办案规则 art. 46).
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  ['LIMIT_START_DATE',
   CASE WHEN c.accept_day IS NULL OR c.limit_start_day < c.accept_day THEN 'ACCEPT_DATE' END,
   CASE WHEN c.limit_start_day > c.close_day THEN 'CLOSE_DATE' END] AS field,
  [day_text(c.limit_start_day), day_text(c.accept_day), day_text(c.close_day)] AS value
FROM valid_case c
CROSS JOIN parameter p
WHERE c.is_undeleted AND c.limit_start_day IS NOT NULL
  AND (c.accept_day IS NULL OR c.limit_start_day < c.accept_day
    OR c.limit_start_day > COALESCE(c.close_day, p.as_of_day));
