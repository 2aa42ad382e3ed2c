-- One row per undeleted mediation that breaks V042: its body is unknown, or its dates keep it from
-- being counted.
WITH judged AS (
  SELECT
    m.*,
    m.accept_day IS NULL OR m.accept_day > p.as_of_day AS is_accepted_wrongly,
    COALESCE(m.close_day < m.accept_day OR m.close_day > p.as_of_day, FALSE) AS is_closed_wrongly
  FROM valid_mediation m
  CROSS JOIN parameter p
  WHERE m.is_undeleted
)
SELECT
  record_name(mediation_id) AS record_key,
  org_code,
  [CASE WHEN NOT is_known_body THEN 'ORG_CODE' END,
   CASE WHEN is_accepted_wrongly OR close_day < accept_day THEN 'ACCEPT_DATE' END,
   CASE WHEN is_closed_wrongly THEN 'CLOSE_DATE' END] AS field,
  [org_code, day_text(accept_day), day_text(close_day)] AS value
FROM judged
WHERE NOT is_known_body OR is_accepted_wrongly OR is_closed_wrongly;
