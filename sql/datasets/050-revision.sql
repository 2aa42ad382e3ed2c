-- One row per record that contributes otherwise than when it was published (revision_delta): its old and new values
-- and its one cause. A date counts as the cause only where it moved the record into another span.
CREATE TABLE revision AS
WITH compared AS (
  SELECT
    t.is_mediation,
    t.record_id,
    COALESCE(n.case_no, o.case_no) AS case_no,
    CASE WHEN o.side IS NULL THEN 1 ELSE 0 END AS is_new,
    CASE WHEN n.side IS NULL THEN 1 ELSE 0 END AS is_gone,
    o.org_code AS old_org_code,
    n.org_code AS new_org_code,
    o.accept_day AS old_accept_day,
    n.accept_day AS new_accept_day,
    o.reject_day AS old_reject_day,
    n.reject_day AS new_reject_day,
    o.close_day AS old_close_day,
    n.close_day AS new_close_day,
    o.deleted AS old_deleted,
    n.deleted AS new_deleted,
    o.counted AS old_counted,
    n.counted AS new_counted,
    o.exclusion AS old_exclusion,
    n.exclusion AS new_exclusion,
    o.known_org AS old_known_org,
    n.known_org AS new_known_org,
    o.accept_place AS old_accept_place,
    n.accept_place AS new_accept_place,
    o.close_place AS old_close_place,
    n.close_place AS new_close_place,
    o.is_rejected AS old_rejected,
    n.is_rejected AS new_rejected,
    CASE
      WHEN o.accepted_with <> n.accepted_with THEN 1
      WHEN o.close_place IN (1, 2) AND n.close_place IN (1, 2) AND o.closed_with <> n.closed_with THEN 1
      ELSE 0
    END AS is_corrected
  FROM (SELECT DISTINCT is_mediation, record_id FROM revision_delta) t
  LEFT JOIN revision_side o ON o.side = 'old' AND o.is_mediation = t.is_mediation AND o.record_id = t.record_id
  LEFT JOIN revision_side n ON n.side = 'new' AND n.is_mediation = t.is_mediation AND n.record_id = t.record_id
)
SELECT
  c.is_mediation,
  c.record_id,
  c.case_no,
  CASE
    WHEN c.is_new = 1 AND c.is_gone = 1 THEN '其他'
    WHEN c.is_new = 1 THEN CASE WHEN c.new_accept_day IS NULL THEN '其他' ELSE '补录受理' END
    WHEN c.is_gone = 1 THEN '删除'
    WHEN c.old_deleted = 0 AND c.new_deleted = 1 THEN '删除'
    WHEN c.old_deleted = 1 AND c.new_deleted = 0 THEN '恢复'
    WHEN c.old_accept_day IS NULL AND c.new_accept_place < 3 THEN '补录受理'
    WHEN c.old_known_org <> c.new_known_org THEN '校验状态变化'
    WHEN c.old_counted <> c.new_counted AND c.old_accept_day IS NOT NULL AND c.new_accept_day IS NOT NULL
      THEN '校验状态变化'
    WHEN c.old_org_code <> c.new_org_code THEN '机构变更'
    WHEN c.old_accept_day IS NOT NULL AND c.new_accept_day IS NULL THEN '受理日期更正'
    WHEN c.old_accept_place <> c.new_accept_place AND c.old_accept_day IS NOT NULL THEN '受理日期更正'
    WHEN c.old_close_place <> c.new_close_place AND c.old_close_day IS NULL THEN '补录结案'
    WHEN c.old_close_place <> c.new_close_place AND c.new_close_day IS NULL THEN '撤销结案'
    WHEN c.old_close_place <> c.new_close_place THEN '结案日期更正'
    WHEN c.old_accept_day <> c.new_accept_day THEN '受理日期更正'
    WHEN c.old_close_day <> c.new_close_day AND c.new_close_place < 3 THEN '结案日期更正'
    WHEN COALESCE(c.old_reject_day, -1000000) <> COALESCE(c.new_reject_day, -1000000) THEN '其他'
    WHEN c.old_rejected <> c.new_rejected THEN '校验状态变化'
    WHEN s.definitions_changed = 1 AND c.is_corrected = 0 THEN '口径变更'
    ELSE '其他'
  END AS cause,
  c.is_new,
  c.is_gone,
  c.old_org_code,
  c.new_org_code,
  c.old_accept_day,
  c.new_accept_day,
  c.old_reject_day,
  c.new_reject_day,
  c.old_close_day,
  c.new_close_day,
  c.old_deleted,
  c.new_deleted,
  c.old_counted,
  c.new_counted,
  c.old_exclusion,
  c.new_exclusion
FROM compared c
CROSS JOIN revision_span s;
