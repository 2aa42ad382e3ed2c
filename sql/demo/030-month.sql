-- One row per month of the data: its days, its open days and its weight.
CREATE OR REPLACE TEMP TABLE demo_month AS
WITH month AS (
  SELECT
    month_number,
    (getvariable('demo_first_month') + to_months(month_number::INTEGER))::DATE AS first_date
  FROM (SELECT unnest(range(getvariable('demo_months'))) AS month_number)
)
SELECT
  m.month_number,
  date_diff('day', DATE '1970-01-01', m.first_date) AS first_day,
  day(last_day(m.first_date)) AS days,
  list_position(getvariable('demo_office_days'), min(d.day_number)) AS first_open_position,
  count(*) AS open_days,
  getvariable('demo_season')[month(m.first_date)] * (1000 + getvariable('demo_growth') * m.month_number)
    AS weight
FROM month m
JOIN demo_day d ON d.is_office_day AND d.day BETWEEN m.first_date AND last_day(m.first_date)
GROUP BY m.month_number, m.first_date
ORDER BY m.month_number;
