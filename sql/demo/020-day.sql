-- One row per day around the data: Monday to Friday counted, and the last day on which offices were open.
-- Offices also close at new year, on 1 to 3 May, 1 to 7 October and around each lunar new year. The official
-- arrangement of a year is not needed: a clean row keeps clear of its limits whatever the arrangement is.
CREATE OR REPLACE TEMP TABLE demo_day AS
WITH span AS (
  SELECT unnest(generate_series(
    (getvariable('demo_first_month') - INTERVAL 40 DAY)::DATE,
    (getvariable('demo_as_of') + INTERVAL 40 DAY)::DATE,
    INTERVAL 1 DAY
  ))::DATE AS day
),
lunar AS (
  SELECT DISTINCT first_day + step AS day
  FROM (SELECT unnest(getvariable('demo_spring_festivals')) AS first_day)
  CROSS JOIN (SELECT unnest([-1, 0, 1, 2, 3, 4, 5]) AS step)
),
judged AS (
  SELECT
    span.day,
    date_diff('day', DATE '1970-01-01', span.day) AS day_number,
    isodow(span.day) <= 5 AS is_weekday,
    lunar.day IS NOT NULL
      OR (month(span.day) = 1 AND day(span.day) = 1)
      OR (month(span.day) = 5 AND day(span.day) <= 3)
      OR (month(span.day) = 10 AND day(span.day) <= 7) AS is_holiday
  FROM span
  LEFT JOIN lunar ON lunar.day = span.day
)
SELECT
  day,
  day_number,
  is_weekday AND NOT is_holiday AS is_office_day,
  sum(is_weekday::INTEGER) OVER (ORDER BY day_number) AS weekday_number,
  max(CASE WHEN is_weekday AND NOT is_holiday THEN day_number END) OVER (ORDER BY day_number) AS office_day
FROM judged
ORDER BY day_number;

SET VARIABLE demo_first_day = (SELECT min(day_number) FROM demo_day);
SET VARIABLE demo_office_before = (SELECT list(office_day ORDER BY day_number) FROM demo_day);
SET VARIABLE demo_weekday_numbers = (SELECT list(weekday_number::BIGINT ORDER BY day_number) FROM demo_day);
SET VARIABLE demo_weekdays = (
  SELECT list(day_number ORDER BY weekday_number)
  FROM (
    SELECT weekday_number, min(day_number) AS day_number
    FROM demo_day
    WHERE weekday_number > 0
    GROUP BY weekday_number
  )
);
SET VARIABLE demo_office_days = (
  SELECT list(day_number ORDER BY day_number) FROM demo_day WHERE is_office_day
);

-- The last open day up to a day; a day past the calendar stays as it is.
CREATE OR REPLACE TEMP MACRO demo_open_day(day_number) AS
  coalesce(getvariable('demo_office_before')[1 + day_number - getvariable('demo_first_day')], day_number);

-- The day that is so many Mondays to Fridays after a day.
CREATE OR REPLACE TEMP MACRO demo_after_weekdays(day_number, days) AS CASE WHEN days = 0 THEN day_number
  ELSE getvariable('demo_weekdays')[
    getvariable('demo_weekday_numbers')[1 + day_number - getvariable('demo_first_day')] + days] END;
