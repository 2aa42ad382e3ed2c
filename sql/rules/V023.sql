-- One row per undeleted case that breaks V023: closed in the period after its deadline, or accepted,
-- open, not suspended at the snapshot date and past its deadline then (劳动争议调解仲裁法 art. 43). The value
-- is the deadline and the day of closing.
SELECT
  record_name(f.case_id) AS record_key,
  f.org_code,
  ['DEADLINE', 'CLOSE_DATE'] AS field,
  [day_text(f.deadline_day), day_text(f.close_day)] AS value
FROM case_fact f
CROSS JOIN parameter p
WHERE f.deleted = 0
  AND ((f.close_day BETWEEN p.start_day AND p.end_day AND f.close_day > f.deadline_day)
    OR (f.close_day IS NULL AND f.accept_day IS NOT NULL AND f.deadline_day < p.as_of_day
      AND (f.suspended_since_day IS NULL OR f.suspended_since_day > p.as_of_day)));
