-- One row per kept mediation outside arbitration: whether it counts (V042) and what it counts under.
CREATE TABLE mediation_fact AS
WITH judged AS (
  SELECT
    m.*,
    CASE WHEN m.deleted = '0' THEN 0 WHEN m.deleted = '1' THEN 1 ELSE 2 END AS deletion,
    CASE WHEN m.accept_day IS NULL OR m.accept_day > p.as_of_day THEN 1 ELSE 0 END AS accepted_wrongly,
    CASE WHEN m.close_day < m.accept_day OR m.close_day > p.as_of_day THEN 1 ELSE 0 END AS closed_wrongly
  FROM valid_mediation m
  CROSS JOIN parameter p
)
SELECT
  j.mediation_id,
  j.org_code,
  CASE WHEN j.is_known_body THEN 1 ELSE 0 END AS known_org,
  CASE WHEN j.deletion = 1 THEN 1 ELSE 0 END AS deleted,
  CASE
    WHEN j.deletion = 0 AND j.is_known_body AND j.accepted_wrongly = 0 AND j.closed_wrongly = 0 THEN 1
    ELSE 0
  END AS counted,
  CASE
    WHEN j.deletion = 1 THEN NULL
    WHEN j.is_known_body AND j.accepted_wrongly = 0 AND j.closed_wrongly = 0 AND j.deletion = 0 THEN NULL
    ELSE CONCAT_WS(',',
      CASE WHEN NOT j.is_known_body OR j.accepted_wrongly = 1 OR j.closed_wrongly = 1 THEN 'V042' END,
      CASE WHEN j.deletion = 2 THEN 'V050' END)
  END AS exclusion,
  j.accept_day,
  j.close_day,
  COALESCE(CASE
    WHEN j.unlisted IS NULL THEN j.mediator_kind
    WHEN CONCAT_WS('', ',', j.unlisted, ',') LIKE '%,MEDIATOR_KIND,%' THEN NULL
    ELSE j.mediator_kind
  END, '9') AS mediator_kind,
  COALESCE(r.success, 0) AS is_success,
  CAST(COALESCE(j.worker_count, 0) AS BIGINT) AS worker_count,
  j.amount
FROM judged j
LEFT JOIN code_list r ON r.list = 'mediation_result' AND r.code = j.result;
