-- One row per block of 512 days that holds a date of the snapshot or of the run; 1024000 keeps blocks positive.
-- Dates beyond about the years -768 to 10457 get no calendar: no deadline of a real date lies there.
CREATE TABLE needed_block AS
WITH needed AS (
  SELECT apply_day AS day FROM valid_case
  UNION ALL SELECT accept_day FROM valid_case
  UNION ALL SELECT limit_start_day FROM valid_case
  UNION ALL SELECT reject_day FROM valid_case
  UNION ALL SELECT close_day FROM valid_case
  UNION ALL
  SELECT COALESCE(limit_start_day, accept_day) + 45
    + CAST(COALESCE(extend_days, 0) AS BIGINT) + CAST(COALESCE(excluded_days, 0) AS BIGINT) FROM valid_case
  UNION ALL SELECT accept_day FROM valid_mediation
  UNION ALL SELECT close_day FROM valid_mediation
  UNION ALL SELECT submit_day FROM valid_pre_application
  UNION ALL SELECT review_day FROM valid_pre_application
  UNION ALL SELECT unnest([as_of_day, start_day, end_day]) FROM parameter
)
SELECT DISTINCT (day + 1024000) // 512 AS block FROM needed WHERE day BETWEEN -1000000 AND 3100000;
