-- One row per text that is not plain, with its form (compared_text), and the forms put where they belong.
CREATE TEMP TABLE compared_text AS
SELECT o.kind, o.original, NULLIF(f.form, '') AS form
FROM odd_compared_text o
JOIN odd_compared_form f ON f.number = o.number;

UPDATE compared_pre_application SET applicant_name = t.form FROM compared_text t
WHERE t.kind = 'name' AND t.original = odd_applicant_name;
UPDATE compared_pre_application SET respondent_name = t.form FROM compared_text t
WHERE t.kind = 'name' AND t.original = odd_respondent_name;
UPDATE compared_pre_application SET applicant_id = t.form FROM compared_text t
WHERE t.kind = 'number' AND t.original = odd_applicant_id;
UPDATE compared_pre_application SET respondent_id = t.form FROM compared_text t
WHERE t.kind = 'number' AND t.original = odd_respondent_id;
UPDATE compared_party SET name = t.form FROM compared_text t WHERE t.kind = 'name' AND t.original = odd_name;
UPDATE compared_party SET id_no = t.form FROM compared_text t WHERE t.kind = 'number' AND t.original = odd_id_no;

DROP TABLE odd_compared_text;
DROP TABLE odd_compared_form;
DROP TABLE compared_text;
