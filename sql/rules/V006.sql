-- One row per undeleted case that breaks V006: accepted or rejected after the snapshot date.
SELECT
  record_name(c.case_id) AS record_key,
  c.org_code,
  [CASE WHEN c.accept_day > p.as_of_day THEN 'ACCEPT_DATE' END,
   CASE WHEN c.reject_day > p.as_of_day THEN 'REJECT_DATE' END] AS field,
  [day_text(c.accept_day), day_text(c.reject_day)] AS value
FROM valid_case c
CROSS JOIN parameter p
WHERE c.is_undeleted AND (c.accept_day > p.as_of_day OR c.reject_day > p.as_of_day);
