-- One row per kept pre-application, undeleted case and its parties, as they are compared.
CREATE TABLE compared_pre_application AS
SELECT
  v.raw_row AS pre_row,
  v.pre_app_id,
  v.submit_time,
  v.submit_day,
  v.org_code,
  v.dispute_type,
  v.claim_amount,
  v.status,
  v.review_day,
  v.case_no,
  CASE WHEN an.number IS NULL THEN plain_name_form(r.APPLICANT_NAME) ELSE an.form END AS applicant_name,
  CASE WHEN ai.number IS NULL THEN plain_number_form(r.APPLICANT_ID_NO) ELSE ai.form END AS applicant_id,
  CASE WHEN rn.number IS NULL THEN plain_name_form(r.RESPONDENT_NAME) ELSE rn.form END AS respondent_name,
  CASE WHEN ri.number IS NULL THEN plain_number_form(r.RESPONDENT_ID_NO) ELSE ri.form END AS respondent_id
FROM valid_pre_application v
JOIN raw_pre_application r ON r.raw_row = v.raw_row
LEFT JOIN compared_text an ON an.kind = 'name' AND an.original = r.APPLICANT_NAME
LEFT JOIN compared_text ai ON ai.kind = 'number' AND ai.original = r.APPLICANT_ID_NO
LEFT JOIN compared_text rn ON rn.kind = 'name' AND rn.original = r.RESPONDENT_NAME
LEFT JOIN compared_text ri ON ri.kind = 'number' AND ri.original = r.RESPONDENT_ID_NO;

CREATE TABLE compared_case AS
SELECT
  raw_row AS case_row, case_id, case_no, org_code, pre_app_id, apply_day, apply_channel, accept_day, dispute_type,
  claim_amount, case_status
FROM valid_case
WHERE is_undeleted(deleted);

CREATE TABLE compared_party AS
SELECT
  v.case_id,
  v.party_id,
  v.role,
  CASE WHEN n.number IS NULL THEN plain_name_form(r.NAME) ELSE n.form END AS name,
  CASE WHEN i.number IS NULL THEN plain_number_form(r.ID_NO) ELSE i.form END AS id_no
FROM valid_party v
JOIN raw_arb_party r ON r.raw_row = v.raw_row
LEFT JOIN compared_text n ON n.kind = 'name' AND n.original = r.NAME
LEFT JOIN compared_text i ON i.kind = 'number' AND i.original = r.ID_NO
WHERE v.role IN ('1', '2') AND v.case_id IS NOT NULL;
