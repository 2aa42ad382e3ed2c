-- One row per record of a revision statement and body that it touches: the change of the stock, and of the other
-- figures in words. A breakdown is left out where the figure that it breaks down changed as well.
WITH shown AS (
  SELECT d.*, i.position, i.is_amount
  FROM revision_delta d
  JOIN revision_indicator i ON i.indicator_id = d.indicator_id
  WHERE d.span <> 'stock' AND (i.is_head = 1 OR NOT EXISTS (
    SELECT 1
    FROM revision_delta h
    JOIN revision_indicator j ON j.indicator_id = h.indicator_id AND j.is_head = 1 AND j.population = i.population
    WHERE h.is_mediation = d.is_mediation AND h.record_id = d.record_id AND h.org_code = d.org_code AND h.span = d.span
  ))
),
other AS (
  SELECT
    is_mediation, record_id, org_code,
    string_agg(
      CASE span WHEN 'ytd' THEN '累计' ELSE '当期' END || indicator_id || ' '
      || CASE WHEN delta > 0 THEN '+' ELSE '−' END
      || CASE WHEN is_amount = 1 THEN CAST(abs(delta) AS VARCHAR) || '元' ELSE CAST(CAST(abs(delta) AS HUGEINT) AS VARCHAR) END,
      ';' ORDER BY span, position) AS other_deltas
  FROM shown
  GROUP BY is_mediation, record_id, org_code
),
effect AS (
  SELECT
    is_mediation, record_id, org_code,
    CAST(COALESCE(SUM(delta) FILTER (WHERE span = 'stock'), 0) AS BIGINT) AS open_delta
  FROM revision_delta
  GROUP BY is_mediation, record_id, org_code
)
SELECT
  r.*,
  e.org_code AS effect_org_code,
  e.open_delta,
  COALESCE(o.other_deltas, '') AS other_deltas
FROM revision r
JOIN effect e ON e.is_mediation = r.is_mediation AND e.record_id IS NOT DISTINCT FROM r.record_id
LEFT JOIN other o ON o.is_mediation = e.is_mediation AND o.record_id IS NOT DISTINCT FROM e.record_id
  AND o.org_code = e.org_code
ORDER BY r.is_mediation, r.cause, COALESCE(r.new_org_code, r.old_org_code) NULLS LAST, r.record_id NULLS LAST,
  CASE WHEN e.org_code = r.old_org_code THEN 0 ELSE 1 END, e.org_code
