-- One row per party of a case that is not deleted that breaks V037: its name is empty, blank, or has
-- control characters (Unicode Cc).
SELECT
  record_name(p.party_id) AS record_key,
  c.org_code,
  ['NAME'] AS field,
  [NULLIF(p.broken_name, '')] AS value,
  may_name_person(p.party_kind, p.id_no) AS is_person
FROM valid_party p
LEFT JOIN valid_case c ON c.case_id = p.case_id
WHERE p.broken_name IS NOT NULL AND is_undeleted(c.deleted);
