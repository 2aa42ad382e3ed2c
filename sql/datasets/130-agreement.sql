-- One row per classified pre-application that is linked with one case and in no conflict: which of the compared fields
-- differ. An empty value of the pre-application is no difference; agreeing with one of several parties is agreeing.
CREATE TABLE agreement AS
WITH matched AS (
  SELECT
    m.pre_row,
    MAX(CASE WHEN q.role = '1' AND q.name = m.applicant_name THEN 1 ELSE 0 END) AS has_applicant_name,
    MAX(CASE WHEN q.role = '1' AND q.id_no = m.applicant_id THEN 1 ELSE 0 END) AS has_applicant_id,
    MAX(CASE WHEN q.role = '2' AND q.name = m.respondent_name THEN 1 ELSE 0 END) AS has_respondent_name,
    MAX(CASE WHEN q.role = '2' AND q.id_no = m.respondent_id THEN 1 ELSE 0 END) AS has_respondent_id
  FROM member m
  JOIN compared_case c ON c.case_row = m.case_row
  LEFT JOIN compared_party q ON q.case_id = c.case_id
  WHERE m.is_conflict = 0
  GROUP BY m.pre_row
)
SELECT
  m.pre_row,
  m.case_row,
  c.accept_day,
  c.case_status,
  CASE
    WHEN m.org_code IS NULL OR m.org_code = c.org_code THEN 0
    ELSE 1
  END AS org_code_differs,
  CASE WHEN m.applicant_name IS NULL OR x.has_applicant_name = 1 THEN 0 ELSE 1 END AS applicant_name_differs,
  CASE WHEN m.applicant_id IS NULL OR x.has_applicant_id = 1 THEN 0 ELSE 1 END AS applicant_id_differs,
  CASE WHEN m.respondent_name IS NULL OR x.has_respondent_name = 1 THEN 0 ELSE 1 END AS respondent_name_differs,
  CASE WHEN m.respondent_id IS NULL OR x.has_respondent_id = 1 THEN 0 ELSE 1 END AS respondent_id_differs,
  CASE WHEN m.dispute_type IS NULL OR m.dispute_type = c.dispute_type THEN 0 ELSE 1 END AS dispute_type_differs,
  CASE
    WHEN m.claim_amount IS NULL THEN 0
    WHEN ABS(CAST(m.claim_amount AS DECIMAL(20, 2)) - CAST(c.claim_amount AS DECIMAL(20, 2)))
      <= CAST('0.01' AS DECIMAL(20, 2)) THEN 0
    ELSE 1
  END AS claim_amount_differs
FROM member m
JOIN matched x ON x.pre_row = m.pre_row
JOIN compared_case c ON c.case_row = m.case_row;
