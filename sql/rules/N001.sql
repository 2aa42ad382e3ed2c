-- One row per case that breaks N001: a platform rejected its record, and it has neither changed nor been released since.
SELECT
  record_name(case_id) AS record_key,
  min(org_code) AS org_code,
  ['CASE_ID'] AS field,
  [record_name(case_id)] AS value,
  FALSE AS is_person,
  string_agg(words, '；' ORDER BY batch) AS related,
  string_agg(batch, ',' ORDER BY batch) AS related_mark
FROM platform_rejection
GROUP BY case_id;
