-- One row per kept record that breaks V049: some of its text needed normalising. The original is the
-- value; deleted rows are not judged.
SELECT
  t.view AS scope,
  t.record_key,
  COALESCE(t.org_code, any_value(c.org_code)) AS org_code,
  list(t.field ORDER BY t.field) AS field,
  list(t.original ORDER BY t.field) AS value,
  bool_or(t.is_person) AS is_person
FROM text_change t
LEFT JOIN valid_case c ON c.case_id = t.case_id
WHERE is_undeleted(COALESCE(t.deleted, c.deleted))
GROUP BY t.view, t.record_key, t.org_code;
