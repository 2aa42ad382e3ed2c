-- One row per party of a case that is not deleted that breaks V034: an organisation whose number is
-- not a valid credit code (GB 32100-2015). A number that may be a person's is masked.
WITH broken AS MATERIALIZED (
  SELECT party_id, case_id, id_no FROM valid_party
  WHERE party_kind = '2' AND id_is_valid = 0
)
SELECT
  record_name(b.party_id) AS record_key,
  c.org_code,
  ['ID_NO'] AS field,
  [b.id_no] AS value,
  may_name_person('2', b.id_no) AS is_person
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
