-- One row per record that breaks V050: a column that must be filled is empty, its key is shared
-- (except where V001 and V045 judge it), or a case was both accepted and rejected. A missing key is
-- named （空）.
SELECT
  'ARB_ORG' AS scope,
  record_name(t.org_code) AS record_key,
  t.org_code AS org_code,
  [CASE WHEN t.org_code IS NULL THEN 'ORG_CODE' END,
   CASE WHEN t.org_name IS NULL THEN 'ORG_NAME' END,
   CASE WHEN t.district_code IS NULL THEN 'DISTRICT_CODE' END,
   CASE WHEN t.org_level IS NULL THEN 'ORG_LEVEL' END,
   CASE WHEN t.case_word IS NULL THEN 'CASE_WORD' END,
   CASE WHEN d.row_count IS NOT NULL THEN 'ORG_CODE' END] AS field,
  [NULL, NULL, NULL, NULL, NULL, CAST(t.org_code AS VARCHAR)] AS value,
  d.mark AS related_mark
FROM valid_org t
LEFT JOIN duplicate_key d
  ON d.view = 'ARB_ORG' AND d.key_text = t.org_code AND d.undeleted_count > 0
WHERE t.org_code IS NULL OR t.org_name IS NULL OR t.district_code IS NULL OR t.org_level IS NULL
    OR t.case_word IS NULL OR d.row_count IS NOT NULL
UNION ALL
SELECT
  'ARB_CASE' AS scope,
  record_name(t.case_id) AS record_key,
  t.org_code AS org_code,
  [CASE WHEN t.case_id IS NULL THEN 'CASE_ID' END,
   CASE WHEN t.org_code IS NULL THEN 'ORG_CODE' END,
   CASE WHEN t.apply_day IS NULL THEN 'APPLY_DATE' END,
   CASE WHEN t.apply_channel IS NULL THEN 'APPLY_CHANNEL' END,
   CASE WHEN t.excluded_days IS NULL THEN 'EXCLUDED_DAYS' END,
   CASE WHEN t.extend_days IS NULL THEN 'EXTEND_DAYS' END,
   CASE WHEN t.worker_count IS NULL THEN 'WORKER_COUNT' END,
   CASE WHEN t.is_collective IS NULL THEN 'IS_COLLECTIVE' END,
   CASE WHEN t.final_award IS NULL THEN 'FINAL_AWARD' END,
   CASE WHEN t.case_status IS NULL THEN 'CASE_STATUS' END,
   CASE WHEN t.deleted IS NULL THEN 'DELETED' END,
   CASE WHEN t.created_at IS NULL THEN 'CREATED_AT' END,
   CASE WHEN t.updated_at IS NULL THEN 'UPDATED_AT' END,
   CASE WHEN t.accept_day IS NOT NULL AND t.reject_day IS NOT NULL THEN 'ACCEPT_DATE' END,
   CASE WHEN t.accept_day IS NOT NULL AND t.reject_day IS NOT NULL THEN 'REJECT_DATE' END] AS field,
  [NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   day_text(t.accept_day), day_text(t.reject_day)] AS value,
  CAST(NULL AS VARCHAR) AS related_mark
FROM valid_case t
WHERE is_undeleted(t.deleted)
  AND (t.case_id IS NULL OR t.org_code IS NULL OR t.apply_day IS NULL OR t.apply_channel IS NULL
    OR t.excluded_days IS NULL OR t.extend_days IS NULL OR t.worker_count IS NULL OR t.is_collective IS NULL
    OR t.final_award IS NULL OR t.case_status IS NULL OR t.deleted IS NULL OR t.created_at IS NULL
    OR t.updated_at IS NULL OR (t.accept_day IS NOT NULL AND t.reject_day IS NOT NULL))
UNION ALL
SELECT
  'ARB_PARTY' AS scope,
  record_name(t.party_id) AS record_key,
  c.org_code AS org_code,
  [CASE WHEN t.party_id IS NULL THEN 'PARTY_ID' END,
   CASE WHEN t.case_id IS NULL THEN 'CASE_ID' END,
   CASE WHEN t.role IS NULL THEN 'ROLE' END,
   CASE WHEN t.party_kind IS NULL THEN 'PARTY_KIND' END,
   CASE WHEN t.name IS NULL THEN 'NAME' END,
   CASE WHEN t.updated_at IS NULL THEN 'UPDATED_AT' END,
   CASE WHEN d.row_count IS NOT NULL THEN 'PARTY_ID' END] AS field,
  [NULL, NULL, NULL, NULL, NULL, NULL, CAST(t.party_id AS VARCHAR)] AS value,
  d.mark AS related_mark
FROM valid_party t
LEFT JOIN duplicate_key d
  ON d.view = 'ARB_PARTY' AND d.key_number = t.party_id AND d.undeleted_count > 0
LEFT JOIN valid_case c ON c.case_id = t.case_id
WHERE is_undeleted(c.deleted)
  AND (t.party_id IS NULL OR t.case_id IS NULL OR t.role IS NULL OR t.party_kind IS NULL
    OR t.name IS NULL OR t.updated_at IS NULL OR d.row_count IS NOT NULL)
UNION ALL
SELECT
  'ARB_CLAIM' AS scope,
  record_name(t.claim_id) AS record_key,
  c.org_code AS org_code,
  [CASE WHEN t.claim_id IS NULL THEN 'CLAIM_ID' END,
   CASE WHEN t.case_id IS NULL THEN 'CASE_ID' END,
   CASE WHEN t.claim_type IS NULL THEN 'CLAIM_TYPE' END,
   CASE WHEN t.updated_at IS NULL THEN 'UPDATED_AT' END,
   CASE WHEN d.row_count IS NOT NULL THEN 'CLAIM_ID' END] AS field,
  [NULL, NULL, NULL, NULL, CAST(t.claim_id AS VARCHAR)] AS value,
  d.mark AS related_mark
FROM valid_claim t
LEFT JOIN duplicate_key d
  ON d.view = 'ARB_CLAIM' AND d.key_number = t.claim_id AND d.undeleted_count > 0
LEFT JOIN valid_case c ON c.case_id = t.case_id
WHERE is_undeleted(c.deleted)
  AND (t.claim_id IS NULL OR t.case_id IS NULL OR t.claim_type IS NULL OR t.updated_at IS NULL
    OR d.row_count IS NOT NULL)
UNION ALL
SELECT
  'ARB_MEDIATION' AS scope,
  record_name(t.mediation_id) AS record_key,
  t.org_code AS org_code,
  [CASE WHEN t.mediation_id IS NULL THEN 'MEDIATION_ID' END,
   CASE WHEN t.org_code IS NULL THEN 'ORG_CODE' END,
   CASE WHEN t.mediator_kind IS NULL THEN 'MEDIATOR_KIND' END,
   CASE WHEN t.accept_day IS NULL THEN 'ACCEPT_DATE' END,
   CASE WHEN t.worker_count IS NULL THEN 'WORKER_COUNT' END,
   CASE WHEN t.deleted IS NULL THEN 'DELETED' END,
   CASE WHEN t.updated_at IS NULL THEN 'UPDATED_AT' END,
   CASE WHEN d.row_count IS NOT NULL THEN 'MEDIATION_ID' END] AS field,
  [NULL, NULL, NULL, NULL, NULL, NULL, NULL, CAST(t.mediation_id AS VARCHAR)] AS value,
  d.mark AS related_mark
FROM valid_mediation t
LEFT JOIN duplicate_key d
  ON d.view = 'ARB_MEDIATION' AND d.key_number = t.mediation_id AND d.undeleted_count > 0
WHERE (is_undeleted(t.deleted) OR d.row_count IS NOT NULL)
  AND (t.mediation_id IS NULL OR t.org_code IS NULL OR t.mediator_kind IS NULL OR t.accept_day IS NULL
    OR t.worker_count IS NULL OR t.deleted IS NULL OR t.updated_at IS NULL OR d.row_count IS NOT NULL)
UNION ALL
SELECT
  'PRE_APPLICATION' AS scope,
  record_name(t.pre_app_id) AS record_key,
  t.org_code AS org_code,
  [CASE WHEN t.pre_app_id IS NULL THEN 'PRE_APP_ID' END,
   CASE WHEN t.submit_time IS NULL THEN 'SUBMIT_TIME' END,
   CASE WHEN t.org_code IS NULL THEN 'ORG_CODE' END,
   CASE WHEN t.applicant_kind IS NULL THEN 'APPLICANT_KIND' END,
   CASE WHEN t.applicant_name IS NULL THEN 'APPLICANT_NAME' END,
   CASE WHEN t.respondent_name IS NULL THEN 'RESPONDENT_NAME' END,
   CASE WHEN t.status IS NULL THEN 'STATUS' END,
   CASE WHEN t.updated_at IS NULL THEN 'UPDATED_AT' END] AS field,
  [NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL] AS value,
  CAST(NULL AS VARCHAR) AS related_mark
FROM valid_pre_application t
WHERE t.pre_app_id IS NULL OR t.submit_time IS NULL OR t.org_code IS NULL OR t.applicant_kind IS NULL
    OR t.applicant_name IS NULL OR t.respondent_name IS NULL OR t.status IS NULL OR t.updated_at IS NULL;
