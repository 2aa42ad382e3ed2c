-- One row per undeleted case that breaks V030: accepted without an applicant or without a respondent
-- (办案规则 art. 30). Only blocks of 64 cases with one that lacks a party are looked at case by case, where the bits say
-- what a key stands for: 4 an accepted case, 1 an applicant, 2 a respondent.
WITH presence AS (
  SELECT case_id, 4 AS bits FROM valid_case WHERE is_undeleted AND accept_day IS NOT NULL
  UNION ALL
  SELECT case_id, CASE role WHEN '1' THEN 1 WHEN '2' THEN 2 ELSE 0 END AS bits
  FROM valid_party WHERE case_id IS NOT NULL
),
accepted AS (
  SELECT case_id >> 6 AS block, bit_or(bit_of(case_id)) AS cases
  FROM valid_case WHERE is_undeleted AND accept_day IS NOT NULL AND case_id IS NOT NULL
  GROUP BY block
),
present AS (
  SELECT
    case_id >> 6 AS block,
    bit_or(CASE WHEN role = '1' THEN bit_of(case_id) ELSE 0 END) AS with_applicant,
    bit_or(CASE WHEN role = '2' THEN bit_of(case_id) ELSE 0 END) AS with_respondent
  FROM valid_party WHERE case_id IS NOT NULL
  GROUP BY block
),
doubtful AS MATERIALIZED (
  SELECT a.block FROM accepted a
  LEFT JOIN present p ON p.block = a.block
  WHERE a.cases & ~COALESCE(p.with_applicant & p.with_respondent, 0) <> 0
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
