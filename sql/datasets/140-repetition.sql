-- One row per unlinked, open pre-application that repeats an earlier one, with the latest of those: the same parties and
-- dispute within 30 days. Numbers tell parties apart where both have one, else names. Each pre-application asks and
-- answers once for each way in which two can be the same, so that thousands of the same parties make no pairs of each
-- with each.
CREATE TABLE repetition AS
WITH asking AS (
  SELECT applicant_id, applicant_name FROM member WHERE is_open = 1
),
-- Whatever can be repeated shares the applicant's number with what asks, or the name where one has no number: few do.
placed AS (
  SELECT
    p.pre_row, p.submit_day, p.status, p.applicant_id, p.applicant_name, p.respondent_id, p.respondent_name,
    COALESCE(p.dispute_type, '') AS dispute,
    ROW_NUMBER() OVER (ORDER BY p.submit_time NULLS LAST, p.pre_app_id NULLS LAST, p.pre_row NULLS LAST) AS place,
    -- At the same moment the smaller key is the earlier one; without a key none is.
    CASE
      WHEN p.pre_app_id IS NULL THEN RANK() OVER (ORDER BY p.submit_time NULLS LAST)
      ELSE ROW_NUMBER() OVER (ORDER BY p.submit_time NULLS LAST, p.pre_app_id NULLS LAST, p.pre_row NULLS LAST)
    END AS asking_place
  FROM compared_pre_application p
  WHERE p.submit_time IS NOT NULL
    AND (p.applicant_id IN (SELECT a.applicant_id FROM asking a WHERE a.applicant_id IS NOT NULL)
      OR p.applicant_name IN (SELECT a.applicant_name FROM asking a WHERE a.applicant_id IS NULL AND a.applicant_name IS NOT NULL)
      OR (p.applicant_id IS NULL
        AND p.applicant_name IN (SELECT a.applicant_name FROM asking a WHERE a.applicant_name IS NOT NULL)))
),
applicant_way AS (
  SELECT pre_row, 'both numbers' AS way, applicant_id AS who, 1 AS asks, 1 AS answers
  FROM placed
  WHERE applicant_id IS NOT NULL
  UNION ALL
  SELECT pre_row, 'asked without' AS way, applicant_name AS who, CASE WHEN applicant_id IS NULL THEN 1 ELSE 0 END AS asks,
    1 AS answers
  FROM placed
  WHERE applicant_name IN (SELECT n.applicant_name FROM placed n WHERE n.applicant_id IS NULL)
  UNION ALL
  SELECT pre_row, 'answered without' AS way, applicant_name AS who, CASE WHEN applicant_id IS NULL THEN 0 ELSE 1 END AS asks,
    CASE WHEN applicant_id IS NULL THEN 1 ELSE 0 END AS answers
  FROM placed
  WHERE applicant_name IN (SELECT n.applicant_name FROM placed n WHERE n.applicant_id IS NULL)
),
respondent_way AS (
  SELECT pre_row, 'both numbers' AS way, respondent_id AS who, 1 AS asks, 1 AS answers
  FROM placed
  WHERE respondent_id IS NOT NULL
  UNION ALL
  SELECT pre_row, 'asked without' AS way, respondent_name AS who, CASE WHEN respondent_id IS NULL THEN 1 ELSE 0 END AS asks,
    1 AS answers
  FROM placed
  WHERE respondent_name IN (SELECT n.respondent_name FROM placed n WHERE n.respondent_id IS NULL)
  UNION ALL
  SELECT pre_row, 'answered without' AS way, respondent_name AS who,
    CASE WHEN respondent_id IS NULL THEN 0 ELSE 1 END AS asks,
    CASE WHEN respondent_id IS NULL THEN 1 ELSE 0 END AS answers
  FROM placed
  WHERE respondent_name IN (SELECT n.respondent_name FROM placed n WHERE n.respondent_id IS NULL)
),
both_ways AS (
  SELECT
    a.pre_row, a.way AS applicant_way, a.who AS applicant, r.way AS respondent_way, r.who AS respondent,
    a.asks * r.asks AS asks,
    a.answers * r.answers AS answers
  FROM applicant_way a
  JOIN respondent_way r ON r.pre_row = a.pre_row
),
event AS (
  SELECT
    w.pre_row, w.applicant_way, w.applicant, w.respondent_way, w.respondent, p.dispute,
    p.asking_place AS place,
    0 AS is_answer
  FROM both_ways w
  JOIN placed p ON p.pre_row = w.pre_row
  JOIN member m ON m.pre_row = w.pre_row
  WHERE w.asks = 1 AND m.is_open = 1
  UNION ALL
  SELECT
    w.pre_row, w.applicant_way, w.applicant, w.respondent_way, w.respondent, p.dispute,
    p.place,
    1 AS is_answer
  FROM both_ways w
  JOIN placed p ON p.pre_row = w.pre_row
  WHERE w.answers = 1 AND (p.status IS NULL OR p.status NOT IN ('4', '5'))
),
answered AS (
  SELECT
    pre_row,
    is_answer,
    MAX(CASE WHEN is_answer = 1 THEN place END) OVER (
      PARTITION BY applicant_way, applicant, respondent_way, respondent, dispute
      ORDER BY place NULLS LAST, is_answer NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS earlier_place
  FROM event
),
latest AS (
  SELECT pre_row, MAX(earlier_place) AS earlier_place
  FROM answered
  WHERE is_answer = 0
  GROUP BY pre_row
)
SELECT l.pre_row, y.pre_row AS earlier_row
FROM latest l
JOIN placed x ON x.pre_row = l.pre_row
JOIN placed y ON y.place = l.earlier_place
WHERE x.submit_day - y.submit_day BETWEEN 0 AND 30;
