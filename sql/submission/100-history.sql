-- One row per record in a batch (attempt) and one per record ever sent (platform_record), over sent_record and answer.
CREATE TABLE attempt AS
SELECT
  s.seq,
  s.batch,
  s.record_id,
  CAST(s.case_id AS BIGINT) AS case_id,
  s.op,
  s.org_code,
  s.fingerprint,
  s.file_number,
  s.is_lost,
  a.result,
  a.code,
  a.message,
  a.receipt_id,
  r.record_id IS NOT NULL AS is_released
FROM sent_record s
LEFT JOIN answer a ON a.batch = s.batch AND a.record_id = s.record_id
LEFT JOIN released_record r ON r.batch = s.batch AND r.record_id = s.record_id;

-- A batch that was declared lost and is answered all the same counts as answered.
CREATE TABLE platform_record AS
WITH mark AS (
  SELECT
    record_id,
    MAX(seq) AS last_seq,
    MAX(CASE WHEN result = 'accepted' THEN seq END) AS accepted_seq,
    MAX(CASE WHEN result IS NOT NULL THEN seq END) AS answered_seq,
    MAX(CASE WHEN result IS NULL AND NOT is_lost THEN 1 ELSE 0 END) AS waiting
  FROM attempt
  GROUP BY record_id
)
SELECT
  m.record_id,
  l.case_id,
  l.org_code,
  CASE WHEN h.op <> 'D' THEN h.fingerprint END AS held_fingerprint,
  CASE WHEN h.op <> 'D' THEN h.batch END AS held_batch,
  l.batch AS last_batch,
  l.op AS last_op,
  l.fingerprint AS last_fingerprint,
  CASE WHEN l.result IS NULL AND l.is_lost THEN 'lost' ELSE l.result END AS last_result,
  m.waiting = 1 AS is_waiting,
  -- The platform's last word where it was a rejection: a lost version after it changes nothing about it.
  r.batch AS rejection_batch,
  r.fingerprint AS rejection_fingerprint,
  r.code AS rejection_code,
  r.message AS rejection_message,
  COALESCE(r.is_released, FALSE) AS is_released
FROM mark m
JOIN attempt l ON l.record_id = m.record_id AND l.seq = m.last_seq
LEFT JOIN attempt h ON h.record_id = m.record_id AND h.seq = m.accepted_seq
LEFT JOIN attempt r ON r.record_id = m.record_id AND r.seq = m.answered_seq AND r.result = 'rejected';
