-- One row per gap with all that its reason is judged by. A side that knows nothing of a case says `absent`; one that
-- cannot say what it knew says `unknown`; so does `held` where the last batch kept no list of what it held back.
-- Over gap, fact, fallen (side, figure, body and case by the side's own facts), side_source, platform_fact, held_back.
CREATE TABLE gap_fact AS
WITH known AS (
  SELECT
    g.*,
    CASE WHEN g.case_key = record_name(NULL) THEN 'unknown' ELSE COALESCE(i.state, si.silence) END AS in_state,
    CASE WHEN g.case_key = record_name(NULL) THEN 'unknown' ELSE COALESCE(o.state, so.silence) END AS out_state,
    i.org_code AS in_org_code,
    o.org_code AS out_org_code,
    i.accept_day AS in_accept_day,
    o.accept_day AS out_accept_day,
    i.close_day AS in_close_day,
    o.close_day AS out_close_day,
    COALESCE(i.case_no, o.case_no) AS case_no,
    CASE
      WHEN si.snapshot = so.snapshot THEN 'same'
      WHEN si.taken_at >= so.taken_at THEN 'in newer'
      ELSE 'out newer'
    END AS snapshots,
    CASE WHEN si.definitions = so.definitions OR g.in_side = 'platform' OR g.out_side = 'platform' THEN 'same' ELSE 'other' END
      AS definitions,
    g.in_side = 'platform' OR g.out_side = 'platform' AS with_platform,
    so.last_day AS out_last_day,
    so.says_held
  FROM gap g
  JOIN side_source si ON si.side = g.in_side
  JOIN side_source so ON so.side = g.out_side
  LEFT JOIN fact i ON i.side = g.in_side AND i.case_key = g.case_key
  LEFT JOIN fact o ON o.side = g.out_side AND o.case_key = g.case_key
)
SELECT
  k.pair, k.figure, k.org_code, k.case_key, k.case_no, k.delta, k.in_side, k.out_side, k.snapshots, k.definitions,
  k.in_state, k.out_state, k.in_org_code, k.out_org_code, k.in_accept_day, k.out_accept_day, k.in_close_day,
  k.out_close_day,
  CASE WHEN k.case_key = record_name(NULL) THEN 0 ELSE 1 END AS has_key,
  CASE
    WHEN k.in_state NOT IN ('counted', 'present', 'held', 'excluded') THEN 'unknown'
    WHEN k.out_state NOT IN ('counted', 'present', 'held', 'excluded') THEN 'unknown'
    WHEN k.in_org_code IS NOT DISTINCT FROM k.out_org_code AND k.in_accept_day IS NOT DISTINCT FROM k.out_accept_day
      AND k.in_close_day IS NOT DISTINCT FROM k.out_close_day THEN 'same'
    ELSE 'differ'
  END AS facts,
  CASE WHEN k.in_state = 'unknown' OR fi.side IS NOT NULL THEN 1 ELSE 0 END AS in_falls,
  CASE WHEN fo.side IS NOT NULL THEN 1 ELSE 0 END AS out_falls,
  CASE WHEN k.in_accept_day > k.out_last_day THEN 1 ELSE 0 END AS is_after_batch,
  CASE WHEN k.with_platform THEN COALESCE(f.waiting, 'no') ELSE 'no' END AS waiting,
  CASE WHEN k.with_platform THEN COALESCE(f.rejection, 'none') ELSE 'none' END AS rejection,
  CASE WHEN k.with_platform THEN COALESCE(f.is_lost, 0) ELSE 0 END AS is_lost,
  CASE
    WHEN NOT k.with_platform THEN 'no'
    WHEN h.rules = :layout_rule THEN 'format'
    WHEN h.rules IS NOT NULL THEN 'rule'
    WHEN k.says_held = 0 THEN 'unknown'
    ELSE 'no'
  END AS held,
  CASE WHEN k.with_platform THEN h.rules END AS rules,
  CASE WHEN k.with_platform THEN f.last_batch END AS batch,
  CASE WHEN k.with_platform AND f.waiting = 'no' THEN f.rejection_code END AS rejection_code
FROM known k
LEFT JOIN fallen fi ON fi.side = k.in_side AND fi.figure = k.figure AND fi.org_code = k.org_code AND fi.case_key = k.case_key
LEFT JOIN fallen fo ON fo.side = k.out_side AND fo.figure = k.figure AND fo.org_code = k.org_code AND fo.case_key = k.case_key
LEFT JOIN platform_fact f ON f.case_key = k.case_key AND f.place = 1
LEFT JOIN held_back h ON h.case_key = k.case_key;
