-- One row per line of the data file, in its order: a pre-application or orphan case, or one for each differing field,
-- candidate or linked case of it. Numbers of persons and organisations are masked, the empty text is no value.
CREATE OR REPLACE TABLE comparison_line AS
WITH listed AS (
  SELECT * FROM classified WHERE is_listed = 1
),
differing AS (
  SELECT pre_row, case_row, unnest(list_filter([
      CASE WHEN org_code_differs = 1 THEN 'ORG_CODE' END,
      CASE WHEN applicant_name_differs = 1 THEN 'APPLICANT_NAME' END,
      CASE WHEN applicant_id_differs = 1 THEN 'APPLICANT_ID_NO' END,
      CASE WHEN respondent_name_differs = 1 THEN 'RESPONDENT_NAME' END,
      CASE WHEN respondent_id_differs = 1 THEN 'RESPONDENT_ID_NO' END,
      CASE WHEN dispute_type_differs = 1 THEN 'DISPUTE_TYPE' END,
      CASE WHEN claim_amount_differs = 1 THEN 'CLAIM_AMOUNT' END], lambda f: f IS NOT NULL)) AS field
  FROM agreement
),
party_value AS (
  SELECT
    c.case_row,
    string_agg(q.name, '、' ORDER BY q.party_id, q.name) FILTER (q.role = '1') AS applicant_name,
    string_agg(masked_number(q.id_no), '、' ORDER BY q.party_id, q.id_no) FILTER (q.role = '1' AND q.id_no IS NOT NULL)
      AS applicant_id,
    string_agg(q.name, '、' ORDER BY q.party_id, q.name) FILTER (q.role = '2') AS respondent_name,
    string_agg(masked_number(q.id_no), '、' ORDER BY q.party_id, q.id_no) FILTER (q.role = '2' AND q.id_no IS NOT NULL)
      AS respondent_id
  FROM compared_case c
  JOIN compared_party q ON q.case_id = c.case_id
  WHERE c.case_row IN (
    SELECT m.case_row FROM listed m WHERE m.class = 'FIELD_DIFF' AND m.case_row IS NOT NULL)
  GROUP BY c.case_row
),
line AS (
  SELECT m.class, m.pre_row, m.pre_app_id, m.org_code, m.case_row, d.field,
    CASE d.field
      WHEN 'ORG_CODE' THEN m.org_code
      WHEN 'APPLICANT_NAME' THEN m.applicant_name
      WHEN 'APPLICANT_ID_NO' THEN masked_number(m.applicant_id)
      WHEN 'RESPONDENT_NAME' THEN m.respondent_name
      WHEN 'RESPONDENT_ID_NO' THEN masked_number(m.respondent_id)
      WHEN 'DISPUTE_TYPE' THEN m.dispute_type
      ELSE CAST(m.claim_amount AS VARCHAR) END AS pre_value,
    CASE d.field
      WHEN 'ORG_CODE' THEN c.org_code
      WHEN 'APPLICANT_NAME' THEN v.applicant_name
      WHEN 'APPLICANT_ID_NO' THEN v.applicant_id
      WHEN 'RESPONDENT_NAME' THEN v.respondent_name
      WHEN 'RESPONDENT_ID_NO' THEN v.respondent_id
      WHEN 'DISPUTE_TYPE' THEN c.dispute_type
      ELSE CAST(c.claim_amount AS VARCHAR) END AS case_value,
    NULL AS score
  FROM listed m
  JOIN differing d ON d.pre_row = m.pre_row
  JOIN compared_case c ON c.case_row = d.case_row
  LEFT JOIN party_value v ON v.case_row = d.case_row
  WHERE m.class = 'FIELD_DIFF'
  UNION ALL
  SELECT m.class, m.pre_row, m.pre_app_id, m.org_code, s.case_row, NULL, NULL, NULL, s.score
  FROM listed m
  JOIN candidate k ON k.pre_row = m.pre_row
  JOIN pair_score s ON s.pre_row = k.pre_row AND s.case_row = k.case_row
  WHERE m.class = 'PROBABLE_MATCH'
  UNION ALL
  SELECT m.class, m.pre_row, m.pre_app_id, m.org_code, l.case_row, NULL, NULL, NULL, NULL
  FROM listed m
  LEFT JOIN link l ON l.pre_row = m.pre_row
  WHERE m.class NOT IN ('FIELD_DIFF', 'PROBABLE_MATCH')
  UNION ALL
  SELECT 'ORPHAN_CASE', NULL, NULL, o.org_code, o.case_row, NULL, NULL, NULL, NULL
  FROM orphan_case o
  WHERE o.is_listed = 1
)
SELECT
  row_number() OVER (
    ORDER BY k.position, l.pre_app_id NULLS FIRST, c.case_id NULLS FIRST, l.field NULLS FIRST, l.pre_row, l.case_row
  ) AS line_number,
  l.pre_row,
  l.case_row,
  COALESCE(l.pre_app_id, '') AS pre_app_id,
  COALESCE(CAST(c.case_id AS VARCHAR), '') AS case_id,
  COALESCE(l.org_code, '') AS org_code,
  l.class,
  COALESCE(l.field, '') AS field,
  COALESCE(l.pre_value, '') AS pre_value,
  COALESCE(l.case_value, '') AS case_value,
  l.score
FROM line l
JOIN comparison_class k ON k.class = l.class
LEFT JOIN compared_case c ON c.case_row = l.case_row;
