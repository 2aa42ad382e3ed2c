-- One row per unlinked, open pre-application and unlinked case of the same parties within 30 days: exact candidates.
-- A pair that a person rejected is none.
CREATE TABLE candidate AS
WITH open_member AS (
  SELECT * FROM member WHERE is_open = 1
),
known_applicant AS (
  SELECT q.case_id, q.name, q.id_no
  FROM compared_party q
  WHERE q.role = '1'
    AND (q.id_no IN (SELECT x.applicant_id FROM open_member x WHERE x.applicant_id IS NOT NULL)
      OR q.name IN (SELECT x.applicant_name FROM open_member x WHERE x.applicant_id IS NULL AND x.applicant_name IS NOT NULL)
      OR (q.id_no IS NULL AND q.name IN (SELECT x.applicant_name FROM open_member x WHERE x.applicant_name IS NOT NULL)))
),
same_applicant AS (
  SELECT x.pre_row, q.case_id
  FROM open_member x
  JOIN known_applicant q ON q.id_no = x.applicant_id
  UNION ALL
  SELECT x.pre_row, q.case_id
  FROM open_member x
  JOIN known_applicant q ON q.name = x.applicant_name
  WHERE x.applicant_id IS NULL OR q.id_no IS NULL
),
near AS (
  SELECT DISTINCT x.pre_row, c.case_row, c.case_id
  FROM same_applicant s
  JOIN open_member x ON x.pre_row = s.pre_row
  JOIN compared_case c ON c.case_id = s.case_id
  LEFT JOIN link l ON l.case_row = c.case_row
  LEFT JOIN pair_decision d ON d.verdict = 'rejected' AND d.pre_app_id = x.pre_app_id AND d.case_id = c.case_id
  WHERE l.case_row IS NULL AND d.case_id IS NULL AND c.apply_day - x.submit_day BETWEEN -30 AND 30
)
SELECT n.pre_row, n.case_row
FROM near n
JOIN open_member x ON x.pre_row = n.pre_row
JOIN compared_party q ON q.case_id = n.case_id AND q.role = '2'
WHERE CASE
    WHEN x.respondent_id IS NULL OR q.id_no IS NULL THEN x.respondent_name
    ELSE x.respondent_id
  END = CASE
    WHEN x.respondent_id IS NULL OR q.id_no IS NULL THEN q.name
    ELSE q.id_no
  END
GROUP BY n.pre_row, n.case_row;
