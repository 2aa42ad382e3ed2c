-- One row per pre-application that breaks V045: its key is shared, its body unknown, or its status out
-- of the list.
WITH judged AS (
  SELECT
    a.pre_app_id, a.org_code, a.status,
    d.row_count,
    d.mark,
    a.is_known_body,
    is_listed(a.unlisted, 'STATUS', a.status) AS has_status
  FROM valid_pre_application a
  LEFT JOIN duplicate_key d ON d.view = 'PRE_APPLICATION' AND d.key_text = a.pre_app_id
)
SELECT
  record_name(pre_app_id) AS record_key,
  org_code,
  [CASE WHEN row_count IS NOT NULL THEN 'PRE_APP_ID' END,
   CASE WHEN NOT is_known_body THEN 'ORG_CODE' END,
   CASE WHEN NOT has_status THEN 'STATUS' END] AS field,
  [pre_app_id, org_code, status] AS value,
  CAST(row_count AS VARCHAR) AS related,
  mark AS related_mark
FROM judged
WHERE row_count IS NOT NULL OR NOT is_known_body OR NOT has_status;
