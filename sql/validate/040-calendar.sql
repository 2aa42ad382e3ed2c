-- One row per day that the snapshot can need: whether it is worked and which working day follows.
-- The blocks of 512 days around every date of the snapshot are kept, so one absurd date does not make millions of
-- rows; working_day_number counts on over days that are left out. A year whose arrangement is not known counts as
-- Monday to Friday less 1 January. :first_day and :last_day are day numbers.
CREATE TABLE calendar AS
WITH day AS (
  SELECT d.day_number, DATE '1970-01-01' + CAST(d.day_number AS INTEGER) AS date
  FROM (SELECT unnest(range(:first_day, :last_day)) AS day_number) d
),
judged AS (
  SELECT
    day.day_number,
    CAST(day.date AS VARCHAR) AS day_text,
    CASE
      WHEN a.is_working IS NOT NULL THEN a.is_working
      WHEN isodow(day.date) > 5 THEN 0
      WHEN y.year IS NULL AND date_part('month', day.date) = 1 AND date_part('day', day.date) = 1 THEN 0
      ELSE 1
    END AS is_working,
    CASE WHEN y.year IS NULL THEN 1 ELSE 0 END AS is_provisional
  FROM day
  LEFT JOIN arranged_day a ON a.day_number = day.day_number
  LEFT JOIN arranged_year y ON y.year = date_part('year', day.date)
),
counted AS (
  SELECT *, CAST(sum(is_working) OVER (ORDER BY day_number) AS BIGINT) AS working_day_number FROM judged
),
followed AS (
  SELECT
    c.*,
    min(CASE WHEN c.is_working = 1 THEN c.day_number END) OVER (
      ORDER BY c.day_number RANGE BETWEEN CURRENT ROW AND 60 FOLLOWING) AS next_working_day
  FROM counted c
  WHERE (c.day_number + 1024000) // 512 IN (
    SELECT b.block + s.step FROM needed_block b CROSS JOIN (VALUES (-1), (0), (1)) s(step))
)
SELECT
  f.day_number,
  f.day_text,
  CAST(f.is_working AS INTEGER) AS is_working,
  f.working_day_number,
  f.next_working_day,
  CAST(f.is_provisional AS INTEGER) AS is_provisional,
  -- The day itself or the working day that it moves to, in the next year where that begins between them.
  CAST(CASE WHEN n.is_provisional = 1 THEN 1 ELSE f.is_provisional END AS INTEGER) AS landing_is_provisional
FROM followed f
LEFT JOIN judged n ON n.day_number = f.next_working_day
WHERE f.next_working_day IS NOT NULL
ORDER BY f.day_number;
