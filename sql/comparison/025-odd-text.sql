-- One row per distinct text of the compared tables that is not plain.
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
