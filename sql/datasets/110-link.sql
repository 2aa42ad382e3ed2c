-- One row per pair of a pre-application and an undeleted case that are linked: by the case's PRE_APP_ID, by the
-- pre-application's CASE_NO, or because a person confirmed the pair. All cases that carry a number are linked by it.
CREATE TABLE link AS
WITH named AS (
  SELECT p.pre_row, c.case_row, 1 AS by_pre_app_id, 0 AS by_case_no, 0 AS by_person
  FROM compared_case c
  JOIN compared_pre_application p ON p.pre_app_id = c.pre_app_id
  UNION ALL
  SELECT p.pre_row, c.case_row, 0 AS by_pre_app_id, 1 AS by_case_no, 0 AS by_person
  FROM compared_pre_application p
  JOIN compared_case c ON c.case_no = p.case_no
  UNION ALL
  SELECT p.pre_row, c.case_row, 0 AS by_pre_app_id, 0 AS by_case_no, 1 AS by_person
  FROM pair_decision d
  JOIN compared_pre_application p ON p.pre_app_id = d.pre_app_id
  JOIN compared_case c ON c.case_id = d.case_id
  WHERE d.verdict = 'confirmed'
)
SELECT
  pre_row,
  case_row,
  MAX(by_pre_app_id) AS by_pre_app_id,
  MAX(by_case_no) AS by_case_no,
  MAX(by_person) AS by_person
FROM named
GROUP BY pre_row, case_row;
