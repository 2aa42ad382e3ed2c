-- One row per undeleted case that breaks V030: accepted without an applicant or without a respondent
-- (办案规则 art. 30). The bits say what a key stands for: 4 an accepted case, 1 an applicant, 2 a
-- respondent. Only blocks of 64 cases with one that lacks a party are looked at case by case.
WITH presence AS (
  SELECT case_id, 4 AS bits FROM valid_case WHERE is_undeleted(deleted) AND accept_day IS NOT NULL
  UNION ALL
  SELECT case_id, CASE role WHEN '1' THEN 1 WHEN '2' THEN 2 ELSE 0 END AS bits
  FROM valid_party WHERE case_id IS NOT NULL
),
present AS (
  SELECT
    case_id >> 6 AS block,
    COALESCE(bit_or(bit_of(case_id)) FILTER (bits = 4), 0) AS accepted,
    COALESCE(bit_or(bit_of(case_id)) FILTER (bits = 1), 0) AS with_applicant,
    COALESCE(bit_or(bit_of(case_id)) FILTER (bits = 2), 0) AS with_respondent
  FROM presence GROUP BY block
),
doubtful AS MATERIALIZED (
  SELECT block FROM present WHERE accepted & ~(with_applicant & with_respondent) <> 0
),
incomplete AS (
  SELECT case_id, bit_or(bits) AS bits FROM presence
  WHERE case_id IS NULL OR case_id >> 6 IN (SELECT block FROM doubtful)
  GROUP BY case_id HAVING bit_or(bits) IN (4, 5, 6)
)
SELECT
  record_name(i.case_id) AS record_key,
  c.org_code,
  ['CASE_ID'] AS field,
  [CONCAT_WS('、',
    CASE WHEN i.bits IN (4, 6) THEN '缺申请人' END,
    CASE WHEN i.bits IN (4, 5) THEN '缺被申请人' END)] AS value
FROM incomplete i
LEFT JOIN valid_case c ON c.case_id = i.case_id;
