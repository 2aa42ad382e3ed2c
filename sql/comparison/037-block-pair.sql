-- One row per pair that shares a key. Each key stands for what may be intact when the rest was mistyped: the applicant's
-- number; name or sound, and body; date of birth or surname, and respondent.
CREATE OR REPLACE TEMP TABLE pre_key AS
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(1, p.applicant_id) AS key FROM unlinked_pre p
  WHERE p.applicant_id IS NOT NULL
  UNION ALL
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(2, p.applicant_name, p.org_code) AS key FROM unlinked_pre p
  WHERE p.applicant_name IS NOT NULL AND p.org_code IS NOT NULL
  UNION ALL
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(3, s.sound, p.org_code) AS key FROM unlinked_pre p JOIN name_sound s ON s.name = p.applicant_name
  WHERE s.sound IS NOT NULL AND p.org_code IS NOT NULL
  UNION ALL
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(4, substr(p.applicant_id, 7, 8), hash(p.respondent_name)) AS key FROM unlinked_pre p
  WHERE substr(p.applicant_id, 7, 8) IS NOT NULL AND p.respondent_name IS NOT NULL
  UNION ALL
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(5, substr(p.applicant_id, 7, 8), hash(p.respondent_id)) AS key FROM unlinked_pre p
  WHERE substr(p.applicant_id, 7, 8) IS NOT NULL AND p.respondent_id IS NOT NULL
  UNION ALL
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(6, left(p.applicant_name, 1), hash(p.respondent_name)) AS key FROM unlinked_pre p
  WHERE left(p.applicant_name, 1) IS NOT NULL AND p.respondent_name IS NOT NULL
  UNION ALL
  SELECT p.pre_row, p.pre_app_id, p.submit_day, p.is_listed, hash(7, left(p.applicant_name, 1), hash(p.respondent_id)) AS key FROM unlinked_pre p
  WHERE left(p.applicant_name, 1) IS NOT NULL AND p.respondent_id IS NOT NULL;

CREATE OR REPLACE TEMP TABLE case_key AS
SELECT DISTINCT case_row, apply_day, is_orphan, key FROM (
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(1, c.applicant_id) AS key FROM case_parties c
  WHERE c.applicant_id IS NOT NULL
  UNION ALL
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(2, c.applicant_name, c.org_code) AS key FROM case_parties c
  WHERE c.applicant_name IS NOT NULL AND c.org_code IS NOT NULL
  UNION ALL
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(3, s.sound, c.org_code) AS key FROM case_parties c JOIN name_sound s ON s.name = c.applicant_name
  WHERE s.sound IS NOT NULL AND c.org_code IS NOT NULL
  UNION ALL
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(4, substr(c.applicant_id, 7, 8), c.respondent_name_hash) AS key FROM case_parties c
  WHERE substr(c.applicant_id, 7, 8) IS NOT NULL AND c.respondent_name_hash IS NOT NULL
  UNION ALL
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(5, substr(c.applicant_id, 7, 8), c.respondent_id_hash) AS key FROM case_parties c
  WHERE substr(c.applicant_id, 7, 8) IS NOT NULL AND c.respondent_id_hash IS NOT NULL
  UNION ALL
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(6, left(c.applicant_name, 1), c.respondent_name_hash) AS key FROM case_parties c
  WHERE left(c.applicant_name, 1) IS NOT NULL AND c.respondent_name_hash IS NOT NULL
  UNION ALL
  SELECT c.case_row, c.apply_day, c.is_orphan, hash(7, left(c.applicant_name, 1), c.respondent_id_hash) AS key FROM case_parties c
  WHERE left(c.applicant_name, 1) IS NOT NULL AND c.respondent_id_hash IS NOT NULL)
WHERE key IN (SELECT key FROM pre_key);

CREATE OR REPLACE TABLE block_pair AS
SELECT DISTINCT p.pre_row, c.case_row
FROM pre_key p
JOIN case_key c ON c.key = p.key
LEFT JOIN compared_case x ON x.case_row = c.case_row
LEFT JOIN pair_decision d ON d.verdict = 'rejected' AND d.pre_app_id = p.pre_app_id AND d.case_id = x.case_id
WHERE c.apply_day BETWEEN p.submit_day - 180 AND p.submit_day + 180
  AND (p.is_listed = 1 OR c.is_orphan = 1)
  AND d.verdict IS NULL
  AND p.key NOT IN (SELECT key FROM case_key GROUP BY key HAVING count(*) > 500);

DROP TABLE pre_key;
DROP TABLE case_key;
DROP TABLE case_parties;
