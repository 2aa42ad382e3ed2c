-- One row per undeleted case that breaks V008: decided in the period more than 5 working days after
-- the application, or still undecided after more than 5 working days at the snapshot date (劳动争议调解仲裁法
-- art. 29).
WITH judged AS (
  SELECT
    c.case_id, c.org_code, c.apply_day, c.accept_day, c.reject_day,
    COALESCE(c.accept_day, c.reject_day) AS decision_day,
    COALESCE(c.accept_day, c.reject_day, p.as_of_day) AS until_day
  FROM valid_case c
  CROSS JOIN parameter p
  WHERE c.is_undeleted
    AND (COALESCE(c.accept_day, c.reject_day) BETWEEN p.start_day AND p.end_day
      OR (c.accept_day IS NULL AND c.reject_day IS NULL))
)
SELECT
  record_name(j.case_id) AS record_key,
  j.org_code,
  ['APPLY_DATE',
   CASE WHEN j.accept_day IS NOT NULL OR j.decision_day IS NULL THEN 'ACCEPT_DATE' END,
   CASE WHEN j.accept_day IS NULL THEN 'REJECT_DATE' END] AS field,
  [day_text(j.apply_day), day_text(j.accept_day), day_text(j.reject_day)] AS value
FROM judged j
JOIN calendar a ON a.day_number = j.apply_day
JOIN calendar b ON b.day_number = j.until_day
WHERE b.working_day_number - a.working_day_number > 5;
