-- One row per applicant and respondent of a case, as it is compared; texts that are not plain as for pre-applications.
CREATE TABLE compared_party AS
SELECT
  case_id, party_id, role, plain_name_form(name) AS name, plain_number_form(id_no) AS id_no, odd_name(name) AS odd_name,
  odd_number(id_no) AS odd_id_no
FROM valid_party
WHERE role IN ('1', '2') AND case_id IS NOT NULL;
