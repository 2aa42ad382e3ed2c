-- One row per party of a case that is not deleted that breaks V035: a person whose gender or birth
-- date differs from what a valid number says (GB 11643-1999).
WITH broken AS MATERIALIZED (
  SELECT party_id, case_id, id_no, gender, birth_day, citizen_gender(id_no) AS id_gender, id_birth_day FROM valid_party
  WHERE party_kind = '1' AND id_is_valid = 1 AND (gender <> citizen_gender(id_no) OR birth_day <> id_birth_day)
)
SELECT
  record_name(b.party_id) AS record_key,
  c.org_code,
  ['ID_NO',
   CASE WHEN b.gender <> b.id_gender THEN 'GENDER' END,
   CASE WHEN b.birth_day <> b.id_birth_day THEN 'BIRTH_DATE' END] AS field,
  [b.id_no, b.gender, day_text(b.birth_day)] AS value
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
