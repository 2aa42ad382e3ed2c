-- One row per party of a case that is not deleted that breaks V032: its role or kind is out of range.
WITH broken AS MATERIALIZED (
  SELECT party_id, case_id, role, party_kind FROM valid_party
  WHERE role IS NULL OR role NOT IN ('1', '2', '3') OR party_kind IS NULL OR party_kind NOT IN ('1', '2')
)
SELECT
  record_name(b.party_id) AS record_key,
  c.org_code,
  [CASE WHEN NOT COALESCE(b.role IN ('1', '2', '3'), FALSE) THEN 'ROLE' END,
   CASE WHEN NOT COALESCE(b.party_kind IN ('1', '2'), FALSE) THEN 'PARTY_KIND' END] AS field,
  [b.role, b.party_kind] AS value
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
