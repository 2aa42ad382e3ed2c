-- One row per kept case: the valid row, and beside it what takes a look elsewhere: the day of the run and the calendar.
-- Counting: statistics "Who is counted"; time limit: 劳动争议调解仲裁法 art. 43, 办案规则 art. 45, 46. case_fact and, from
-- now on, valid_case are views of it, so that no column is held twice.
CREATE TABLE case_record AS
WITH judged AS (
  SELECT
    c.*,
    CAST(CASE WHEN c.deleted = '0' THEN 0 WHEN c.deleted = '1' THEN 1 ELSE 2 END AS TINYINT) AS deletion,
    CAST(CASE WHEN c.accept_day > p.as_of_day THEN 1 ELSE 0 END AS TINYINT) AS accepted_in_future,
    CAST(CASE WHEN c.close_day < c.accept_day OR c.close_day > p.as_of_day THEN 1 ELSE 0 END AS TINYINT)
      AS closed_wrongly,
    k.next_working_day AS deadline_day,
    k.landing_is_provisional AS deadline_is_provisional
  FROM valid_case c
  CROSS JOIN parameter p
  LEFT JOIN calendar k
    ON k.day_number
      = COALESCE(c.limit_start_day, c.accept_day) + 45 + COALESCE(c.extend_days, 0) + COALESCE(c.excluded_days, 0)
)
SELECT
  j.*,
  CAST(CASE
    WHEN j.deletion = 0 AND j.is_known_body AND j.accept_day IS NOT NULL
      AND j.accepted_in_future = 0 AND j.closed_wrongly = 0 THEN 1
    ELSE 0
  END AS TINYINT) AS counted
FROM judged j;
