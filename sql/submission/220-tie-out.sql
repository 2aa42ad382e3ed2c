-- One row per scope, indicator (A02, C01) and counted case, with every place that it has. Each place is found by itself,
-- so that a case can turn out to have none or two (national submission, Batch).
CREATE TABLE tied_case AS
WITH behind AS (
  SELECT window_id AS scope, CASE population WHEN 'accepted' THEN 'A02' ELSE 'C01' END AS indicator_id, org_code,
    record_id AS case_id, count(*) AS n
  FROM population
  WHERE population IN ('accepted', 'closed') AND window_id IN ('month', 'ytd')
  GROUP BY window_id, population, org_code, record_id
),
asked AS (SELECT case_id, op FROM submission_record),
-- On the platform when this batch is accepted.
on_platform AS (
  SELECT r.case_id, a.op IN ('I', 'U') OR r.held_fingerprint IS NOT DISTINCT FROM c.fingerprint AS is_current
  FROM platform_record r
  LEFT JOIN asked a ON a.case_id = r.case_id
  LEFT JOIN submission_current c ON c.case_id = r.case_id
  WHERE (r.held_fingerprint IS NOT NULL AND a.op IS DISTINCT FROM 'D') OR a.op = 'I'
  UNION ALL
  SELECT a.case_id, TRUE FROM asked a
  WHERE a.op = 'I' AND NOT EXISTS (SELECT 1 FROM platform_record r WHERE r.case_id = a.case_id)
),
off_platform AS (
  SELECT case_id, decision FROM submission_decision d
  WHERE NOT EXISTS (SELECT 1 FROM on_platform o WHERE o.case_id = d.case_id)
),
placed AS (
  SELECT case_id, CASE WHEN COALESCE(is_current, FALSE) THEN 'current' ELSE 'stale' END AS place FROM on_platform
  UNION ALL
  SELECT case_id, 'held_back' FROM off_platform WHERE decision = 'held_back'
  UNION ALL
  SELECT case_id, 'rejected' FROM off_platform WHERE decision = 'rejected'
  UNION ALL
  SELECT case_id, 'unanswered' FROM off_platform WHERE decision = 'waiting'
),
place_of AS (SELECT case_id, list(place ORDER BY place) AS places FROM placed GROUP BY case_id)
SELECT b.scope, b.indicator_id, b.org_code, b.case_id, b.n,
  -- Without a key (V050) nothing can be reported: such a case is held back.
  CASE WHEN b.case_id IS NULL THEN ['held_back'] ELSE COALESCE(p.places, []) END AS places
FROM behind b
LEFT JOIN place_of p ON p.case_id = b.case_id;
