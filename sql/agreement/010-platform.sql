-- One row per record ever sent: what the platform holds of it (days of its last accepted version) and how it stands.
-- Over attempt, platform_record, held_content and delivered_batch.
CREATE TABLE platform_fact AS
WITH waited AS (
  SELECT a.record_id, MAX(CASE WHEN d.batch IS NULL THEN 0 ELSE 1 END) AS is_delivered
  FROM attempt a
  LEFT JOIN delivered_batch d ON d.batch = a.batch
  WHERE a.result IS NULL AND NOT a.is_lost
  GROUP BY a.record_id
),
taken AS (SELECT DISTINCT record_id FROM attempt WHERE result = 'accepted')
SELECT
  record_name(r.case_id) AS case_key,
  CASE
    WHEN r.held_batch IS NULL AND t.record_id IS NULL THEN 'untaken'
    WHEN r.held_batch IS NULL THEN 'removed'
    WHEN h.accept_day IS NULL THEN 'undated'
    ELSE 'held'
  END AS state,
  COALESCE(h.org_code, r.org_code) AS org_code,
  h.case_no,
  h.accept_day,
  h.close_day,
  CASE WHEN w.is_delivered IS NULL THEN 'no' WHEN w.is_delivered = 1 THEN 'delivered' ELSE 'not delivered' END AS waiting,
  CASE WHEN r.rejection_batch IS NULL THEN 'none' WHEN r.is_released THEN 'released' ELSE 'standing' END AS rejection,
  CASE WHEN r.last_result = 'lost' THEN 1 ELSE 0 END AS is_lost,
  r.last_batch,
  r.rejection_code,
  -- A case has one record; of two, which only another prefix of records could make, the one that is held tells.
  ROW_NUMBER() OVER (PARTITION BY r.case_id ORDER BY r.held_batch NULLS LAST, r.record_id) AS place
FROM platform_record r
LEFT JOIN held_content h ON h.record_id = r.record_id
LEFT JOIN taken t ON t.record_id = r.record_id
LEFT JOIN waited w ON w.record_id = r.record_id;
