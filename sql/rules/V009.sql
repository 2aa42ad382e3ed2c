-- One row per undeleted case that breaks V009: closed without acceptance, before it, or after the
-- snapshot date.
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  [CASE WHEN c.accept_day IS NULL OR c.close_day < c.accept_day THEN 'ACCEPT_DATE' END, 'CLOSE_DATE'] AS field,
  [day_text(c.accept_day), day_text(c.close_day)] AS value
FROM valid_case c
CROSS JOIN parameter p
WHERE c.is_undeleted AND c.close_day IS NOT NULL
  AND (c.accept_day IS NULL OR c.close_day < c.accept_day OR c.close_day > p.as_of_day);
