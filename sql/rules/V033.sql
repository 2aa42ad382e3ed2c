-- One row per party of a case that is not deleted that breaks V033: a person whose number is not a
-- valid citizen number (GB 11643-1999).
WITH broken AS MATERIALIZED (
  SELECT party_id, case_id, id_no FROM valid_party
  WHERE party_kind = '1' AND id_is_valid = 0
)
SELECT
  record_name(b.party_id) AS record_key,
  c.org_code,
  ['ID_NO'] AS field,
  [b.id_no] AS value
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
