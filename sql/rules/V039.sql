-- One row per claim of a case that is not deleted that breaks V039: its type is out of the list.
WITH broken AS MATERIALIZED (
  SELECT claim_id, case_id, claim_type FROM valid_claim
  WHERE NOT is_listed(unlisted, 'CLAIM_TYPE', claim_type)
)
SELECT
  record_name(b.claim_id) AS record_key,
  c.org_code,
  ['CLAIM_TYPE'] AS field,
  [b.claim_type] AS value
FROM broken b
LEFT JOIN valid_case c ON c.case_id = b.case_id
WHERE is_undeleted(c.deleted);
