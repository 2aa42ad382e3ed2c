-- One row per party of a case that is not deleted that breaks V036: a worker who applies and is not 16
-- to 100 years old on that day (劳动法 art. 15). The birth date is that of a valid citizen number, else
-- BIRTH_DATE; without either nothing is judged. Those who fit whatever the day of their application
-- are left out before the join, and so are the cases of nobody else.
WITH applied AS (
  SELECT min(apply_day) AS first_day, max(apply_day) AS last_day FROM valid_case
),
doubtful AS MATERIALIZED (
  SELECT p.party_id, p.case_id, p.id_no, p.birth_day, p.id_birth_day, COALESCE(p.id_birth_day, p.birth_day) AS born_day
  FROM valid_party p
  CROSS JOIN applied a
  WHERE p.role = '1' AND p.party_kind = '1'
    AND COALESCE(p.id_birth_day, p.birth_day)
      NOT BETWEEN a.last_day - CAST(100 * 365 AS BIGINT) AND a.first_day - CAST(16 * 366 AS BIGINT)
),
concerned AS (
  SELECT case_id, org_code, apply_day FROM valid_case
  WHERE is_undeleted AND applicant_side = '1' AND case_id IN (SELECT case_id FROM doubtful)
)
SELECT
  record_name(d.party_id) AS record_key,
  c.org_code,
  [CASE WHEN d.id_birth_day IS NOT NULL THEN 'ID_NO' ELSE 'BIRTH_DATE' END] AS field,
  [CASE WHEN d.id_birth_day IS NOT NULL THEN d.id_no ELSE day_text(d.birth_day) END] AS value,
  CAST(NULL AS VARCHAR) AS related,
  day_text(c.apply_day) AS related_mark
FROM doubtful d
JOIN concerned c ON c.case_id = d.case_id
WHERE age_on(d.born_day, c.apply_day) NOT BETWEEN 16 AND 100;
