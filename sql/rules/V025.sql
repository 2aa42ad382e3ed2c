-- One row per undeleted case that breaks V025: heard without acceptance, before it, or after closing
-- (while open: more than 60 days after the snapshot date).
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  ['HEARING_DATE',
   CASE WHEN c.accept_day IS NULL OR c.hearing_day < c.accept_day THEN 'ACCEPT_DATE' END,
   CASE WHEN c.hearing_day > c.close_day THEN 'CLOSE_DATE' END] AS field,
  [day_text(c.hearing_day), day_text(c.accept_day), day_text(c.close_day)] AS value
FROM valid_case c
CROSS JOIN parameter p
WHERE c.is_undeleted AND c.hearing_day IS NOT NULL
  AND (c.accept_day IS NULL OR c.hearing_day < c.accept_day
    OR c.hearing_day > COALESCE(c.close_day, p.as_of_day + 60));
