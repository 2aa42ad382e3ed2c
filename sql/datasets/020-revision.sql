-- One row per case that contributes otherwise than when it was published (table old_fact: the frozen facts) to the
-- stock at basis_day or to the flows of flow_start_day..basis_day (revision_span, one row), with its one cause.
CREATE TABLE revision AS
WITH old_part AS (
  SELECT
    f.case_id, f.case_no, f.org_code, f.deleted, f.counted, f.exclusion, f.accept_day, f.reject_day, f.close_day,
    CASE
      WHEN f.counted = 1 AND f.accept_day <= s.basis_day AND (f.close_day IS NULL OR f.close_day > s.basis_day) THEN 1
      ELSE 0
    END AS is_open,
    CASE WHEN f.counted = 1 AND f.accept_day BETWEEN s.flow_start_day AND s.basis_day THEN 1 ELSE 0 END AS is_accepted,
    CASE WHEN f.counted = 1 AND f.close_day BETWEEN s.flow_start_day AND s.basis_day THEN 1 ELSE 0 END AS is_closed,
    CASE
      WHEN f.is_rejected = 1 AND f.reject_day <= s.old_as_of_day
        AND f.reject_day BETWEEN s.flow_start_day AND s.basis_day THEN 1
      ELSE 0
    END AS is_rejected
  FROM old_fact f
  CROSS JOIN revision_span s
),
new_part AS (
  SELECT
    f.case_id, f.case_no, f.org_code, f.deleted, f.counted, f.exclusion, f.accept_day, f.reject_day, f.close_day,
    CASE
      WHEN f.counted = 1 AND f.accept_day <= s.basis_day AND (f.close_day IS NULL OR f.close_day > s.basis_day) THEN 1
      ELSE 0
    END AS is_open,
    CASE WHEN f.counted = 1 AND f.accept_day BETWEEN s.flow_start_day AND s.basis_day THEN 1 ELSE 0 END AS is_accepted,
    CASE WHEN f.counted = 1 AND f.close_day BETWEEN s.flow_start_day AND s.basis_day THEN 1 ELSE 0 END AS is_closed,
    CASE
      WHEN f.is_rejected = 1 AND f.reject_day <= s.new_as_of_day
        AND f.reject_day BETWEEN s.flow_start_day AND s.basis_day THEN 1
      ELSE 0
    END AS is_rejected
  FROM case_fact f
  CROSS JOIN revision_span s
),
compared AS (
  SELECT
    COALESCE(n.case_id, o.case_id) AS case_id,
    COALESCE(n.case_no, o.case_no) AS case_no,
    CASE WHEN o.counted IS NULL THEN 1 ELSE 0 END AS is_new,
    CASE WHEN n.counted IS NULL THEN 1 ELSE 0 END AS is_gone,
    o.org_code AS old_org_code,
    n.org_code AS new_org_code,
    o.accept_day AS old_accept_day,
    n.accept_day AS new_accept_day,
    o.close_day AS old_close_day,
    n.close_day AS new_close_day,
    COALESCE(o.deleted, 0) AS old_deleted,
    COALESCE(n.deleted, 0) AS new_deleted,
    COALESCE(o.counted, 0) AS old_counted,
    COALESCE(n.counted, 0) AS new_counted,
    o.exclusion AS old_exclusion,
    n.exclusion AS new_exclusion,
    COALESCE(o.is_open, 0) AS old_open,
    COALESCE(n.is_open, 0) AS new_open,
    COALESCE(o.is_accepted, 0) AS old_accepted,
    COALESCE(n.is_accepted, 0) AS new_accepted,
    COALESCE(o.is_closed, 0) AS old_closed,
    COALESCE(n.is_closed, 0) AS new_closed,
    COALESCE(o.is_rejected, 0) AS old_rejected,
    COALESCE(n.is_rejected, 0) AS new_rejected
  FROM old_part o
  FULL OUTER JOIN new_part n ON n.case_id = o.case_id
),
changed AS (
  SELECT c.*
  FROM compared c
  WHERE c.old_open <> c.new_open OR c.old_accepted <> c.new_accepted OR c.old_closed <> c.new_closed
    OR c.old_rejected <> c.new_rejected
    OR (c.old_org_code <> c.new_org_code
      AND (c.old_open = 1 OR c.old_accepted = 1 OR c.old_closed = 1 OR c.old_rejected = 1))
)
SELECT
  c.*,
  CASE
    WHEN c.is_new = 1 THEN CASE WHEN c.new_accept_day IS NULL THEN '其他' ELSE '补录受理' END
    WHEN c.is_gone = 1 THEN '删除'
    WHEN c.old_deleted = 0 AND c.new_deleted = 1 THEN '删除'
    WHEN c.old_deleted = 1 AND c.new_deleted = 0 THEN '恢复'
    WHEN c.old_accept_day IS NULL AND c.new_accept_day IS NOT NULL THEN '补录受理'
    WHEN c.old_counted <> c.new_counted AND c.new_accept_day IS NOT NULL THEN '校验状态变化'
    WHEN c.old_org_code <> c.new_org_code THEN '机构变更'
    WHEN c.old_accept_day IS NOT NULL AND c.new_accept_day IS NULL THEN '受理日期更正'
    WHEN c.old_accept_day <> c.new_accept_day THEN '受理日期更正'
    WHEN c.old_close_day IS NULL AND c.new_close_day IS NOT NULL THEN '补录结案'
    WHEN c.old_close_day IS NOT NULL AND c.new_close_day IS NULL THEN '撤销结案'
    WHEN c.old_close_day <> c.new_close_day THEN '结案日期更正'
    WHEN s.definitions_changed = 1 THEN '口径变更'
    ELSE '其他'
  END AS cause
FROM changed c
CROSS JOIN revision_span s;
