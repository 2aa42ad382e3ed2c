-- One row per pre-application that breaks V046: the time of review does not fit the status (2, 3, 4
-- have one, 5 may, others not) or is before the submission. Both are moments, so the time of day
-- counts.
SELECT
  record_name(pre_app_id) AS record_key,
  org_code,
  ['STATUS', CASE WHEN review_time < submit_time THEN 'SUBMIT_TIME' END, 'REVIEW_TIME'] AS field,
  [status, CAST(submit_time AS VARCHAR), CAST(review_time AS VARCHAR)] AS value
FROM valid_pre_application
WHERE (status IS DISTINCT FROM '5' AND COALESCE(status IN ('2', '3', '4'), FALSE) <> (review_time IS NOT NULL))
  OR review_time < submit_time;
