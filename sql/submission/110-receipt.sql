-- One row per record that a receipt may not answer so (answer_problem) and one per record newly answered (new_answer).
CREATE TABLE answer_problem AS
SELECT 'unknown' AS problem, r.record_id, MIN(CAST(r.position AS BIGINT)) AS position, CAST(NULL AS VARCHAR) AS known
FROM read_answer r
LEFT JOIN attempt a ON a.record_id = r.record_id
WHERE a.record_id IS NULL
GROUP BY r.record_id
UNION ALL
SELECT 'twice', record_id, MIN(CAST(position AS BIGINT)), CAST(NULL AS VARCHAR)
FROM read_answer
GROUP BY record_id
HAVING COUNT(DISTINCT result) > 1
UNION ALL
SELECT 'contradicts', r.record_id, MIN(CAST(r.position AS BIGINT)), MIN(a.result)
FROM read_answer r
JOIN attempt a ON a.record_id = r.record_id
WHERE a.result <> r.result
GROUP BY r.record_id;

-- Of an answer that stands twice, the first counts; of a record that was answered before, the earlier words stand.
CREATE TABLE new_answer AS
SELECT n.record_id, n.result, n.code, n.message
FROM (
  SELECT
    r.record_id,
    r.result,
    r.code,
    r.message,
    ROW_NUMBER() OVER (PARTITION BY r.record_id ORDER BY CAST(r.position AS BIGINT)) AS place
  FROM read_answer r
  JOIN attempt a ON a.record_id = r.record_id
  WHERE a.result IS NULL
) n
WHERE n.place = 1;
