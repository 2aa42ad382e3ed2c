-- One row per party that breaks V031: its case does not exist, deleted or not.
SELECT
  record_name(t.party_id) AS record_key,
  CAST(NULL AS VARCHAR) AS org_code,
  ['CASE_ID'] AS field,
  [CAST(t.case_id AS VARCHAR)] AS value
FROM valid_party t
LEFT JOIN case_block b ON b.block = t.case_id >> 6
WHERE COALESCE(b.bits & bit_of(t.case_id), 0) = 0;
