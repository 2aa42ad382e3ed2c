-- One row per kept pre-application, as it is compared. A text that is not plain stands in its odd_… column and has no form
-- yet.
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
