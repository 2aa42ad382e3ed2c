-- One row per undeleted case that breaks V029: another undeleted case has an applicant and a
-- respondent of the same numbers and the same dispute, applied for within 7 days (办案规则 art. 34). In
-- the order of days the nearest neighbours decide, so a group of any size costs one sort; only
-- applicants that stand in several rows are paired.
WITH repeated AS MATERIALIZED (
  SELECT hash(id_no) AS id_hash FROM valid_party
  WHERE role = '1' AND id_no IS NOT NULL
  GROUP BY hash(id_no) HAVING count(*) > 1
),
applicant AS MATERIALIZED (
  SELECT case_id, id_no FROM valid_party
  WHERE role = '1' AND id_no IS NOT NULL AND hash(id_no) IN (SELECT id_hash FROM repeated)
),
pair AS (
  SELECT DISTINCT c.case_id, c.org_code, c.apply_day, c.dispute_type, a.id_no AS applicant, r.id_no AS respondent
  FROM applicant a
  JOIN valid_case c ON c.case_id = a.case_id
  JOIN valid_party r ON r.case_id = a.case_id
  WHERE r.role = '2' AND r.id_no IS NOT NULL
    AND c.is_undeleted AND c.dispute_type IS NOT NULL AND c.apply_day IS NOT NULL
),
neighbour AS (
  SELECT
    *,
    lag(case_id) OVER nearest AS case_before,
    apply_day - lag(apply_day) OVER nearest AS days_before,
    lead(case_id) OVER nearest AS case_after,
    lead(apply_day) OVER nearest - apply_day AS days_after
  FROM pair
  WINDOW nearest AS (PARTITION BY applicant, respondent, dispute_type ORDER BY apply_day, case_id)
),
related AS (
  SELECT case_id, org_code, case_before AS other_id FROM neighbour WHERE days_before <= 7
  UNION
  SELECT case_id, org_code, case_after FROM neighbour WHERE days_after <= 7
)
SELECT
  record_name(case_id) AS record_key,
  org_code,
  ['CASE_ID'] AS field,
  [CAST(case_id AS VARCHAR)] AS value,
  string_agg(CAST(other_id AS VARCHAR), '、' ORDER BY other_id) AS related
FROM related
GROUP BY case_id, org_code;
