-- One row per record that breaks V050: a column that must be filled is empty (absent), its key is shared (except where
-- V001 and V045 judge it), or a case was both accepted and rejected. A missing key is named （空）.
WITH broken AS (
  SELECT
    'ARB_ORG' AS scope, record_name(t.org_code) AS record_key, t.org_code, t.absent,
    CASE WHEN d.row_count IS NOT NULL THEN ['ORG_CODE'] END AS more_fields,
    [t.org_code] AS more_values,
    d.mark
  FROM valid_org t
  LEFT JOIN duplicate_key d ON d.view = 'ARB_ORG' AND d.key_text = t.org_code AND d.undeleted_count > 0
  WHERE t.absent IS NOT NULL OR d.row_count IS NOT NULL
  UNION ALL
  SELECT
    'ARB_CASE', record_name(t.case_id), t.org_code, t.absent,
    CASE WHEN t.accept_day IS NOT NULL AND t.reject_day IS NOT NULL THEN ['ACCEPT_DATE', 'REJECT_DATE'] END,
    [day_text(t.accept_day), day_text(t.reject_day)],
    NULL
  FROM valid_case t
  WHERE t.is_undeleted
    AND (t.absent IS NOT NULL OR (t.accept_day IS NOT NULL AND t.reject_day IS NOT NULL))
  UNION ALL
  SELECT
    'ARB_PARTY', record_name(t.party_id), c.org_code, t.absent,
    CASE WHEN t.row_count IS NOT NULL THEN ['PARTY_ID'] END,
    [CAST(t.party_id AS VARCHAR)],
    t.mark
  FROM (
    SELECT t.party_id, t.case_id, t.absent, d.row_count, d.mark
    FROM valid_party t
    LEFT JOIN duplicate_key d ON d.view = 'ARB_PARTY' AND d.key_number = t.party_id AND d.undeleted_count > 0
    WHERE t.absent IS NOT NULL OR d.row_count IS NOT NULL
  ) t
  LEFT JOIN valid_case c ON c.case_id = t.case_id
  WHERE is_undeleted(c.deleted)
  UNION ALL
  SELECT
    'ARB_CLAIM', record_name(t.claim_id), c.org_code, t.absent,
    CASE WHEN t.row_count IS NOT NULL THEN ['CLAIM_ID'] END,
    [CAST(t.claim_id AS VARCHAR)],
    t.mark
  FROM (
    SELECT t.claim_id, t.case_id, t.absent, d.row_count, d.mark
    FROM valid_claim t
    LEFT JOIN duplicate_key d ON d.view = 'ARB_CLAIM' AND d.key_number = t.claim_id AND d.undeleted_count > 0
    WHERE t.absent IS NOT NULL OR d.row_count IS NOT NULL
  ) t
  LEFT JOIN valid_case c ON c.case_id = t.case_id
  WHERE is_undeleted(c.deleted)
  UNION ALL
  SELECT
    'ARB_MEDIATION', record_name(t.mediation_id), t.org_code, t.absent,
    CASE WHEN d.row_count IS NOT NULL THEN ['MEDIATION_ID'] END,
    [CAST(t.mediation_id AS VARCHAR)],
    d.mark
  FROM valid_mediation t
  LEFT JOIN duplicate_key d
    ON d.view = 'ARB_MEDIATION' AND d.key_number = t.mediation_id AND d.undeleted_count > 0
  WHERE (t.absent IS NOT NULL AND t.is_undeleted) OR d.row_count IS NOT NULL
  UNION ALL
  SELECT 'PRE_APPLICATION', record_name(t.pre_app_id), t.org_code, t.absent, NULL, NULL, NULL
  FROM valid_pre_application t
  WHERE t.absent IS NOT NULL
)
SELECT
  scope,
  record_key,
  org_code,
  list_concat(COALESCE(string_split(absent, ','), []), COALESCE(more_fields, [])) AS field,
  list_concat(
    list_transform(COALESCE(string_split(absent, ','), []), lambda name: CAST(NULL AS VARCHAR)),
    CASE WHEN more_fields IS NULL THEN [] ELSE more_values END) AS value,
  mark AS related_mark
FROM broken;
