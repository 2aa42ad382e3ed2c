-- One row per name or number of the compared views that is not plain, told apart by a number on its way through
-- JavaScript: a text that comes back is not always the one that went out (a byte order mark at its start is lost).
CREATE TEMP TABLE odd_compared_text AS
WITH given AS (
  SELECT 'name' AS kind, APPLICANT_NAME AS original FROM raw_pre_application
  UNION ALL SELECT 'name', RESPONDENT_NAME FROM raw_pre_application
  UNION ALL SELECT 'number', APPLICANT_ID_NO FROM raw_pre_application
  UNION ALL SELECT 'number', RESPONDENT_ID_NO FROM raw_pre_application
  UNION ALL SELECT 'name', NAME FROM raw_arb_party
  UNION ALL SELECT 'number', ID_NO FROM raw_arb_party
),
odd AS (SELECT DISTINCT kind, original FROM given WHERE NOT is_plain_form(original))
SELECT CAST(row_number() OVER () AS VARCHAR) AS number, kind, original FROM odd;
