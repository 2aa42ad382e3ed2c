-- One row per record behind a figure: the frozen facts that made it count, its parties masked.
SELECT
  m.indicator_id,
  m.org_code,
  m.record_id,
  CAST(m.quantity AS VARCHAR) AS quantity,
  c.case_no,
  COALESCE(c.accept_day, d.accept_day) AS accept_day,
  c.reject_day,
  COALESCE(c.close_day, d.close_day) AS close_day,
  c.deadline_day,
  c.case_status,
  p.applicants,
  p.respondents
FROM explain_member m
LEFT JOIN explain_case c ON m.is_mediation = 0 AND c.case_id = m.record_id
LEFT JOIN explain_mediation d ON m.is_mediation = 1 AND d.mediation_id = m.record_id
LEFT JOIN (
  SELECT
    case_id,
    string_agg(masked_name, '、' ORDER BY party_id) FILTER (WHERE role = '1') AS applicants,
    string_agg(masked_name, '、' ORDER BY party_id) FILTER (WHERE role = '2') AS respondents
  FROM explain_party
  GROUP BY case_id
) p ON m.is_mediation = 0 AND p.case_id = m.record_id
ORDER BY m.position, m.org_code, m.record_id
