-- One row per thing that was compared for a pre-application: how a case is linked, each field with both values,
-- what speaks for a candidate, which earlier pre-application is repeated. Names of persons and all numbers are masked.

-- Only an organisation's name stands in full: its number has the form and check character of a credit code, and could not
-- be a citizen's with a typing error. When in doubt the name is masked.
CREATE OR REPLACE MACRO shown_name(name, number) AS CASE
  WHEN is_credit_code(number) AND citizen_birth_day(number) IS NULL
    AND NOT regexp_full_match(number, '[1-8][0-9]{16}[0-9X]') THEN name
  ELSE masked_name(name) END;

CREATE OR REPLACE TABLE comparison_proof AS
WITH listed AS (
  SELECT * FROM classified WHERE is_listed = 1 OR is_earlier = 1
),
party_value AS (
  SELECT
    c.case_row,
    q.role,
    string_agg(shown_name(q.name, q.id_no), '、' ORDER BY q.party_id, q.name) AS names,
    string_agg(masked_number(q.id_no), '、' ORDER BY q.party_id, q.id_no) AS numbers
  FROM compared_case c
  JOIN compared_party q ON q.case_id = c.case_id
  WHERE c.case_row IN (SELECT m.case_row FROM listed m JOIN agreement a ON a.pre_row = m.pre_row)
  GROUP BY c.case_row, q.role
),
linked AS (
  SELECT m.pre_app_id, c.case_id, NULL AS earlier_id, 'link' AS kind, NULL AS field, NULL AS pre_value,
    NULL AS case_value,
    array_to_string(list_filter([
      CASE WHEN l.by_pre_app_id = 1 THEN '案件的预申请编号' END,
      CASE WHEN l.by_case_no = 1 THEN '预申请的案号' END,
      CASE WHEN l.by_person = 1 THEN '人工确认' END], lambda t: t IS NOT NULL), '、') AS verdict,
    NULL AS weight, 0 AS position
  FROM listed m
  JOIN link l ON l.pre_row = m.pre_row
  JOIN compared_case c ON c.case_row = l.case_row
),
compared AS (
  SELECT m.pre_app_id, c.case_id, NULL AS earlier_id, 'field' AS kind, f.field,
    CASE f.field
      WHEN 'ORG_CODE' THEN m.org_code
      WHEN 'APPLICANT_NAME' THEN shown_name(m.applicant_name, m.applicant_id)
      WHEN 'APPLICANT_ID_NO' THEN masked_number(m.applicant_id)
      WHEN 'RESPONDENT_NAME' THEN shown_name(m.respondent_name, m.respondent_id)
      WHEN 'RESPONDENT_ID_NO' THEN masked_number(m.respondent_id)
      WHEN 'DISPUTE_TYPE' THEN m.dispute_type
      ELSE CAST(m.claim_amount AS VARCHAR) END AS pre_value,
    CASE f.field
      WHEN 'ORG_CODE' THEN c.org_code
      WHEN 'APPLICANT_NAME' THEN v1.names
      WHEN 'APPLICANT_ID_NO' THEN v1.numbers
      WHEN 'RESPONDENT_NAME' THEN v2.names
      WHEN 'RESPONDENT_ID_NO' THEN v2.numbers
      WHEN 'DISPUTE_TYPE' THEN c.dispute_type
      ELSE CAST(c.claim_amount AS VARCHAR) END AS case_value,
    CASE CASE f.field
      WHEN 'ORG_CODE' THEN a.org_code_differs
      WHEN 'APPLICANT_NAME' THEN a.applicant_name_differs
      WHEN 'APPLICANT_ID_NO' THEN a.applicant_id_differs
      WHEN 'RESPONDENT_NAME' THEN a.respondent_name_differs
      WHEN 'RESPONDENT_ID_NO' THEN a.respondent_id_differs
      WHEN 'DISPUTE_TYPE' THEN a.dispute_type_differs
      ELSE a.claim_amount_differs END WHEN 1 THEN '不一致' ELSE '一致' END AS verdict,
    NULL AS weight, f.position
  FROM listed m
  JOIN agreement a ON a.pre_row = m.pre_row
  JOIN compared_case c ON c.case_row = a.case_row
  LEFT JOIN party_value v1 ON v1.case_row = a.case_row AND v1.role = '1'
  LEFT JOIN party_value v2 ON v2.case_row = a.case_row AND v2.role = '2'
  CROSS JOIN (VALUES ('ORG_CODE', 1), ('APPLICANT_NAME', 2), ('APPLICANT_ID_NO', 3), ('RESPONDENT_NAME', 4),
    ('RESPONDENT_ID_NO', 5), ('DISPUTE_TYPE', 6), ('CLAIM_AMOUNT', 7)) f(field, position)
),
weighed AS (
  SELECT m.pre_app_id, c.case_id, NULL AS earlier_id, 'candidate' AS kind, e.field, NULL AS pre_value,
    NULL AS case_value, e.reason AS verdict, e.weight, CAST(e.position AS INTEGER)
  FROM listed m
  JOIN candidate k ON k.pre_row = m.pre_row
  JOIN pair_evidence e ON e.pre_row = k.pre_row AND e.case_row = k.case_row
  JOIN compared_case c ON c.case_row = k.case_row
  WHERE m.class = 'PROBABLE_MATCH'
),
repeated AS (
  SELECT m.pre_app_id, NULL AS case_id, y.pre_app_id AS earlier_id, 'repeats' AS kind, NULL AS field, NULL AS pre_value,
    NULL AS case_value, '当事人和争议类型相同，此前30日内已提交' AS verdict, NULL AS weight, 0 AS position
  FROM listed m
  JOIN repetition r ON r.pre_row = m.pre_row
  JOIN compared_pre_application y ON y.pre_row = r.earlier_row
  WHERE m.class = 'DUPLICATE'
)
SELECT * FROM linked
UNION ALL SELECT * FROM compared
UNION ALL SELECT * FROM weighed
UNION ALL SELECT * FROM repeated;
