-- One row per case key that breaks V001: several rows share it, not all of them deleted (the row that
-- is kept may be).
SELECT
  record_name(d.key_number) AS record_key,
  c.org_code,
  ['CASE_ID'] AS field,
  [CAST(d.key_number AS VARCHAR)] AS value,
  CAST(d.row_count AS VARCHAR) AS related,
  d.mark AS related_mark
FROM duplicate_key d
JOIN valid_case c ON c.case_id = d.key_number
WHERE d.view = 'ARB_CASE' AND d.undeleted_count > 0;
