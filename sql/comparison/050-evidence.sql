-- One row per pair of a pre-application and a case and compared field: at which level it agrees, what that weighs in
-- hundredths of a bit, and the reason in words. A field that is empty on one side says nothing and has no row.

-- Two texts of which one becomes the other by one character put in another's place, left out, added or swapped.
CREATE OR REPLACE MACRO differing_places(a, b) AS
  list_sum(list_transform(list_zip(string_split(a, ''), string_split(b, '')), lambda p: CASE WHEN p[1] = p[2] THEN 0 ELSE 1 END));
CREATE OR REPLACE MACRO lacks_one(shorter, longer) AS
  list_contains(list_transform(range(1, length(longer) + 1),
    lambda i: substr(longer, 1, i - 1) || substr(longer, i + 1)), shorter);
CREATE OR REPLACE MACRO is_one_character_apart(a, b) AS CASE
  WHEN length(a) = length(b) THEN differing_places(a, b) = 1
    OR (differing_places(a, b) = 2 AND list_sort(string_split(a, '')) = list_sort(string_split(b, '')))
  WHEN length(a) + 1 = length(b) THEN lacks_one(a, b)
  WHEN length(a) = length(b) + 1 THEN lacks_one(b, a)
  ELSE FALSE END;

CREATE OR REPLACE MACRO name_level(a, b, a_sound, b_sound) AS CASE
  WHEN a IS NULL OR b IS NULL THEN NULL
  WHEN a = b THEN 'equal'
  WHEN a_sound = b_sound THEN 'homophone'
  WHEN is_one_character_apart(a, b) THEN 'one_character'
  ELSE 'different' END;

-- Numbers are ASCII after normalising; one that is not has no distance that means anything.
CREATE OR REPLACE MACRO number_level(a, b) AS CASE
  WHEN a IS NULL OR b IS NULL THEN NULL
  WHEN a = b THEN 'equal'
  WHEN damerau_levenshtein(a, b) = 1 THEN 'one_edit'
  WHEN damerau_levenshtein(a, b) = 2 THEN 'two_edits'
  ELSE 'different' END;

CREATE OR REPLACE TABLE pair_party AS
WITH levelled AS (
  SELECT
    p.pre_row,
    p.case_row,
    q.role,
    q.party_id,
    name_level(CASE q.role WHEN '1' THEN x.applicant_name ELSE x.respondent_name END, q.name, xs.sound, qs.sound) AS name_at,
    number_level(CASE q.role WHEN '1' THEN x.applicant_id ELSE x.respondent_id END, q.id_no) AS number_at
  FROM pair p
  JOIN compared_pre_application x ON x.pre_row = p.pre_row
  JOIN compared_case c ON c.case_row = p.case_row
  JOIN compared_party q ON q.case_id = c.case_id
  LEFT JOIN name_sound xs ON xs.name = CASE q.role WHEN '1' THEN x.applicant_name ELSE x.respondent_name END
  LEFT JOIN name_sound qs ON qs.name = q.name
),
weighed AS (
  SELECT
    l.*,
    CASE l.role WHEN '1' THEN 'APPLICANT_NAME' ELSE 'RESPONDENT_NAME' END AS name_field,
    CASE l.role WHEN '1' THEN 'APPLICANT_ID_NO' ELSE 'RESPONDENT_ID_NO' END AS number_field
  FROM levelled l
)
-- The party that speaks most for the pair stands for its role.
SELECT * FROM (
  SELECT
    w.*,
    row_number() OVER (
      PARTITION BY w.pre_row, w.case_row, w.role
      ORDER BY COALESCE(n.weight, 0) + COALESCE(i.weight, 0) DESC, w.party_id NULLS LAST
    ) AS place
  FROM weighed w
  LEFT JOIN evidence_weight n ON n.field = w.name_field AND n.level = w.name_at
  LEFT JOIN evidence_weight i ON i.field = w.number_field AND i.level = w.number_at)
WHERE place = 1;

CREATE OR REPLACE TABLE pair_evidence AS
WITH levelled AS (
  SELECT pre_row, case_row, name_field AS field, name_at AS level FROM pair_party
  UNION ALL
  SELECT pre_row, case_row, number_field, number_at FROM pair_party
  UNION ALL
  SELECT p.pre_row, p.case_row, f.field,
    CASE f.field
      WHEN 'DISPUTE_TYPE' THEN CASE
        WHEN x.dispute_type IS NULL OR c.dispute_type IS NULL THEN NULL
        WHEN x.dispute_type = c.dispute_type THEN 'equal' ELSE 'different' END
      WHEN 'ORG_CODE' THEN CASE
        WHEN x.org_code IS NULL OR c.org_code IS NULL THEN NULL
        WHEN x.org_code = c.org_code THEN 'equal' ELSE 'different' END
      WHEN 'CLAIM_AMOUNT' THEN CASE
        WHEN x.claim_amount IS NULL OR c.claim_amount IS NULL THEN NULL
        WHEN abs(CAST(x.claim_amount AS DECIMAL(20, 2)) - c.claim_amount) <= 0.01 THEN 'equal'
        WHEN abs(CAST(x.claim_amount AS DECIMAL(20, 2)) - c.claim_amount) * 10 <= abs(CAST(x.claim_amount AS DECIMAL(20, 2))) THEN 'near'
        ELSE 'different' END
      ELSE CASE
        WHEN abs(c.apply_day - x.submit_day) <= 3 THEN 'days_3'
        WHEN abs(c.apply_day - x.submit_day) <= 10 THEN 'days_10'
        WHEN abs(c.apply_day - x.submit_day) <= 30 THEN 'days_30'
        WHEN c.apply_day IS NOT NULL AND x.submit_day IS NOT NULL THEN 'different' END
    END
  FROM pair p
  JOIN compared_pre_application x ON x.pre_row = p.pre_row
  JOIN compared_case c ON c.case_row = p.case_row
  CROSS JOIN (VALUES ('DISPUTE_TYPE'), ('ORG_CODE'), ('CLAIM_AMOUNT'), ('APPLY_DATE')) f(field)
)
SELECT l.pre_row, l.case_row, l.field, l.level, w.position, w.weight, w.reason
FROM levelled l
JOIN evidence_weight w ON w.field = l.field AND w.level = l.level;

CREATE OR REPLACE TABLE pair_score AS
SELECT
  p.pre_row,
  p.case_row,
  CAST(COALESCE(sum(e.weight), 0) AS BIGINT) AS score,
  COALESCE(string_agg(e.reason, '；' ORDER BY e.weight DESC, e.position), '') AS reasons
FROM pair p
LEFT JOIN pair_evidence e ON e.pre_row = p.pre_row AND e.case_row = p.case_row
GROUP BY p.pre_row, p.case_row;
