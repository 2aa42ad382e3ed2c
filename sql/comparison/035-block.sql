-- One row per pair of an unlinked pre-application and an unlinked case that may belong together: they share one of a few
-- keys and lie within 180 days. A key that more than 500 cases share tells nothing apart and is left out, so that the
-- number of pairs grows with the number of records and not with its square.
CREATE OR REPLACE TEMP TABLE unlinked_case AS
SELECT c.case_row, c.case_id, c.org_code, c.apply_day, COALESCE(o.is_listed, 0) AS is_orphan
FROM compared_case c
LEFT JOIN link l ON l.case_row = c.case_row
LEFT JOIN orphan_case o ON o.case_row = c.case_row
WHERE l.case_row IS NULL AND c.apply_day IS NOT NULL;

CREATE OR REPLACE TEMP TABLE unlinked_pre AS
SELECT p.pre_row, p.pre_app_id, p.org_code, p.submit_day, p.applicant_name, p.applicant_id, p.respondent_name,
  p.respondent_id, COALESCE(m.is_listed, 0) AS is_listed
FROM compared_pre_application p
LEFT JOIN link l ON l.pre_row = p.pre_row
LEFT JOIN member m ON m.pre_row = p.pre_row
WHERE l.pre_row IS NULL AND p.submit_day IS NOT NULL
  AND (m.is_listed = 1 OR EXISTS (
    SELECT 1 FROM unlinked_case c WHERE c.is_orphan = 1 AND c.apply_day BETWEEN p.submit_day - 180 AND p.submit_day + 180));

-- The cases near in time and their parties come first: of many years, few are, and the joins hold only them.
CREATE OR REPLACE TEMP TABLE near_case AS
SELECT c.case_row, c.case_id, c.org_code, c.apply_day, c.is_orphan
FROM unlinked_case c
CROSS JOIN (SELECT min(submit_day) - 180 AS first_day, max(submit_day) + 180 AS last_day FROM unlinked_pre) d
WHERE c.apply_day BETWEEN d.first_day AND d.last_day;

CREATE OR REPLACE TEMP TABLE near_party AS
SELECT q.case_id, q.role, q.name, q.id_no
FROM compared_party q
WHERE q.role IN ('1', '2') AND q.case_id IN (SELECT case_id FROM near_case);

-- One join at a time: two at once would have to hold both sides in memory.
CREATE OR REPLACE TEMP TABLE case_applicant AS
SELECT c.case_row, c.case_id, c.org_code, c.apply_day, c.is_orphan, a.name AS applicant_name, a.id_no AS applicant_id
FROM near_case c
LEFT JOIN near_party a ON a.case_id = c.case_id AND a.role = '1';

CREATE OR REPLACE TEMP TABLE case_parties AS
SELECT c.case_row, c.org_code, c.apply_day, c.is_orphan, c.applicant_name, c.applicant_id,
  r.name AS respondent_name, r.id_no AS respondent_id
FROM case_applicant c
LEFT JOIN near_party r ON r.case_id = c.case_id AND r.role = '2';

DROP TABLE case_applicant;
DROP TABLE near_case;
DROP TABLE near_party;

CREATE OR REPLACE TABLE heard_name AS
SELECT applicant_name AS name FROM unlinked_pre WHERE length(applicant_name) BETWEEN 2 AND 5
UNION
SELECT applicant_name FROM case_parties WHERE length(applicant_name) BETWEEN 2 AND 5;
