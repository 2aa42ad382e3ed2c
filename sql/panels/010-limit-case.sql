-- One row per open case on the as-of day: whether it is overdue, due soon or suspended, and how many days it is over.
-- Who is open (B01) and who is overdue (B02) follows from the indicators, on the as-of day and on the last day of
-- "soon"; a case is due soon where it will be overdue then and is not yet.
CREATE TABLE limit_case AS
WITH open_case AS (
  SELECT org_code, record_id FROM figure_member WHERE indicator_id = 'B01' AND scope = 'today'
),
overdue AS (SELECT DISTINCT record_id FROM figure_member WHERE indicator_id = 'B02' AND scope = 'today'),
due AS (SELECT DISTINCT record_id FROM figure_member WHERE indicator_id = 'B02' AND scope = 'due-soon')
SELECT
  o.org_code,
  o.record_id,
  CASE WHEN v.record_id IS NOT NULL THEN 1 ELSE 0 END AS is_overdue,
  CASE WHEN d.record_id IS NOT NULL AND v.record_id IS NULL THEN 1 ELSE 0 END AS is_due_soon,
  CASE WHEN c.suspended_since_day <= p.as_of_day THEN 1 ELSE 0 END AS is_suspended,
  CASE WHEN v.record_id IS NOT NULL THEN p.as_of_day - c.deadline_day END AS days_over
FROM open_case o
CROSS JOIN parameter p
LEFT JOIN case_fact c ON c.case_id = o.record_id
LEFT JOIN overdue v ON v.record_id = o.record_id
LEFT JOIN due d ON d.record_id = o.record_id;
