-- One row per party of a case that is not deleted that breaks V037: its name is empty, blank, or has
-- control characters (Unicode Cc).
WITH broken AS MATERIALIZED (
  SELECT party_id, case_id, name, party_kind, id_no FROM valid_party
  WHERE NOT COALESCE(regexp_full_match(name, '[^\p{Cc}]*[^\p{Z}\p{Cc}][^\p{Cc}]*'), FALSE)
)
SELECT
  record_name(b.party_id) AS record_key,
  c.org_code,
  ['NAME'] AS field,
  [b.name] AS value,
  may_name_person(b.party_kind, b.id_no) AS is_person
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
