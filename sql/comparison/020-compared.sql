-- One row per kept pre-application, undeleted case and its parties, as they are compared. A text that is not plain stands
-- in its odd_… column and has no form yet.
CREATE TABLE compared_pre_application AS
SELECT
  raw_row AS pre_row, pre_app_id, submit_time, submit_day, org_code, dispute_type, claim_amount, status, review_day, case_no,
  plain_name_form(applicant_name) AS applicant_name,
  plain_number_form(applicant_id_no) AS applicant_id,
  plain_name_form(respondent_name) AS respondent_name,
  plain_number_form(respondent_id_no) AS respondent_id,
  odd_name(applicant_name) AS odd_applicant_name,
  odd_number(applicant_id_no) AS odd_applicant_id,
  odd_name(respondent_name) AS odd_respondent_name,
  odd_number(respondent_id_no) AS odd_respondent_id
FROM valid_pre_application;

CREATE TABLE compared_case AS
SELECT
  raw_row AS case_row, case_id, case_no, org_code, pre_app_id, apply_day, apply_channel, accept_day, dispute_type,
  claim_amount, case_status
FROM valid_case
WHERE is_undeleted(deleted);

CREATE TABLE compared_party AS
SELECT
  case_id, party_id, role, plain_name_form(name) AS name, plain_number_form(id_no) AS id_no, odd_name(name) AS odd_name,
  odd_number(id_no) AS odd_id_no
FROM valid_party
WHERE role IN ('1', '2') AND case_id IS NOT NULL;

-- Told apart by a number on their way through JavaScript: a text that comes back is not always the one that went out (a
-- byte order mark at its start is lost).
CREATE TEMP TABLE odd_compared_text AS
SELECT CAST(row_number() OVER () AS VARCHAR) AS number, kind, original
FROM (
  SELECT 'name' AS kind, odd_applicant_name AS original FROM compared_pre_application
  UNION SELECT 'name', odd_respondent_name FROM compared_pre_application
  UNION SELECT 'name', odd_name FROM compared_party
  UNION SELECT 'number', odd_applicant_id FROM compared_pre_application
  UNION SELECT 'number', odd_respondent_id FROM compared_pre_application
  UNION SELECT 'number', odd_id_no FROM compared_party)
WHERE original IS NOT NULL;
