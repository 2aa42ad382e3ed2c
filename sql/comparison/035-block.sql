-- One row per pair of an unlinked pre-application and an unlinked case that may belong together: they share one of a few
-- keys and lie within 180 days. A key that more than 500 cases share tells nothing apart and is left out, so that the
-- number of pairs grows with the number of records and not with its square.
CREATE OR REPLACE TEMP TABLE unlinked_case AS
SELECT c.case_row, c.case_id, c.org_code, c.apply_day, COALESCE(o.is_listed, 0) AS is_orphan
FROM compared_case c
LEFT JOIN link l ON l.case_row = c.case_row
LEFT JOIN orphan_case o ON o.case_row = c.case_row
WHERE l.case_row IS NULL AND c.apply_day IS NOT NULL;

-- Days before rows: of those there are few, whatever the number of records.
CREATE OR REPLACE TEMP TABLE orphan_near_day AS
SELECT DISTINCT d.submit_day
FROM (SELECT DISTINCT submit_day FROM compared_pre_application WHERE submit_day IS NOT NULL) d
JOIN (SELECT DISTINCT apply_day FROM unlinked_case WHERE is_orphan = 1) o
  ON o.apply_day BETWEEN d.submit_day - 180 AND d.submit_day + 180;

CREATE OR REPLACE TEMP TABLE unlinked_pre AS
SELECT p.pre_row, p.pre_app_id, p.org_code, p.submit_day, p.applicant_name, p.applicant_id, p.respondent_name,
  p.respondent_id, COALESCE(m.is_listed, 0) AS is_listed
FROM compared_pre_application p
LEFT JOIN link l ON l.pre_row = p.pre_row
LEFT JOIN (SELECT pre_row, is_listed FROM member) m ON m.pre_row = p.pre_row
WHERE l.pre_row IS NULL AND p.submit_day IS NOT NULL
  AND (m.is_listed = 1 OR p.submit_day IN (SELECT submit_day FROM orphan_near_day));

DROP TABLE orphan_near_day;

-- The cases near in time and their parties come first: of many years, few are, and the joins hold only them.
CREATE OR REPLACE TEMP TABLE near_case AS
SELECT c.case_row, c.case_id, c.org_code, c.apply_day, c.is_orphan
FROM unlinked_case c
CROSS JOIN (SELECT min(submit_day) - 180 AS first_day, max(submit_day) + 180 AS last_day FROM unlinked_pre) d
WHERE c.apply_day BETWEEN d.first_day AND d.last_day;

-- Of respondents only whether they are the same is asked: a number each says it.
CREATE OR REPLACE TEMP TABLE near_applicant AS
SELECT q.case_id, q.name, q.id_no
FROM compared_party q
WHERE q.role = '1' AND q.case_id IN (SELECT case_id FROM near_case);

CREATE OR REPLACE TEMP TABLE near_respondent AS
SELECT q.case_id, CASE WHEN q.name IS NOT NULL THEN hash(q.name) END AS name_hash,
  CASE WHEN q.id_no IS NOT NULL THEN hash(q.id_no) END AS id_hash
FROM compared_party q
WHERE q.role = '2' AND q.case_id IN (SELECT case_id FROM near_case);

-- One join at a time: two at once would have to hold both sides in memory.
CREATE OR REPLACE TEMP TABLE case_respondent AS
SELECT c.case_row, c.case_id, c.org_code, c.apply_day, c.is_orphan, r.name_hash AS respondent_name_hash,
  r.id_hash AS respondent_id_hash
FROM near_case c
LEFT JOIN near_respondent r ON r.case_id = c.case_id;

DROP TABLE near_respondent;
DROP TABLE near_case;

CREATE OR REPLACE TEMP TABLE case_parties AS
SELECT c.case_row, c.org_code, c.apply_day, c.is_orphan, a.name AS applicant_name, a.id_no AS applicant_id,
  c.respondent_name_hash, c.respondent_id_hash
FROM case_respondent c
LEFT JOIN near_applicant a ON a.case_id = c.case_id;

DROP TABLE case_respondent;
DROP TABLE near_applicant;

CREATE OR REPLACE TABLE heard_name AS
SELECT applicant_name AS name FROM unlinked_pre WHERE length(applicant_name) BETWEEN 2 AND 5
UNION
SELECT applicant_name FROM case_parties WHERE length(applicant_name) BETWEEN 2 AND 5;
