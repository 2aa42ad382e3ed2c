-- One row per unlinked, open pre-application and earlier one that it repeats: the same parties and dispute within 30
-- days. Numbers tell parties apart where both have one, else names. The branches on the applicant are joins on equality.
CREATE TABLE repetition AS
WITH open_member AS (
  SELECT * FROM member WHERE is_open = 1
),
earlier AS (
  SELECT * FROM compared_pre_application WHERE status IS NULL OR status NOT IN ('4', '5')
),
same_applicant AS (
  SELECT x.pre_row, y.pre_row AS earlier_row
  FROM open_member x
  JOIN earlier y ON y.applicant_id = x.applicant_id
  UNION ALL
  SELECT x.pre_row, y.pre_row AS earlier_row
  FROM open_member x
  JOIN earlier y ON y.applicant_name = x.applicant_name
  WHERE x.applicant_id IS NULL
  UNION ALL
  SELECT x.pre_row, y.pre_row AS earlier_row
  FROM open_member x
  JOIN earlier y ON y.applicant_name = x.applicant_name
  WHERE x.applicant_id IS NOT NULL AND y.applicant_id IS NULL
)
SELECT x.pre_row, y.pre_row AS earlier_row
FROM same_applicant s
JOIN open_member x ON x.pre_row = s.pre_row
JOIN earlier y ON y.pre_row = s.earlier_row
WHERE y.pre_row <> x.pre_row
  AND COALESCE(y.dispute_type, '') = COALESCE(x.dispute_type, '')
  AND CASE
    WHEN x.respondent_id IS NULL OR y.respondent_id IS NULL THEN x.respondent_name
    ELSE x.respondent_id
  END = CASE
    WHEN x.respondent_id IS NULL OR y.respondent_id IS NULL THEN y.respondent_name
    ELSE y.respondent_id
  END
  AND x.submit_day - y.submit_day BETWEEN 0 AND 30
  AND (y.submit_time < x.submit_time OR (y.submit_time = x.submit_time AND y.pre_app_id < x.pre_app_id));
