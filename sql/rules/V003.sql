-- One row per undeleted case that breaks V003: another undeleted case has the same number. Hashes find
-- the few candidates cheaply.
WITH candidate AS (
  SELECT hash(case_no) AS case_no_hash FROM valid_case
  WHERE is_undeleted AND case_no IS NOT NULL
  GROUP BY hash(case_no) HAVING count(*) > 1
),
member AS (
  SELECT case_id, case_no, org_code FROM valid_case
  WHERE is_undeleted AND case_no IS NOT NULL
    AND hash(case_no) IN (SELECT case_no_hash FROM candidate)
),
shared AS (
  SELECT case_no, list(record_name(case_id) ORDER BY case_id) AS keys, count(*) AS member_count
  FROM member GROUP BY case_no HAVING count(*) > 1
)
SELECT
  record_name(m.case_id) AS record_key,
  m.org_code,
  ['CASE_NO'] AS field,
  [m.case_no] AS value,
  others_text(s.keys, record_name(m.case_id), s.member_count) AS related,
  md5(CAST(s.keys AS VARCHAR)) AS related_mark
FROM member m
JOIN shared s ON s.case_no = m.case_no;
