-- One row per case that is to be reported or that the platform was ever told of: where it stands, and what follows.
-- Decisions: waiting (in an unanswered batch), held_back, rejected (and neither changed nor released since), I, U, D,
-- unchanged, none (not reportable and not on the platform). National submission, Record and Op.
CREATE TABLE submission_decision AS
WITH reported AS (
  SELECT case_id, org_code, fingerprint, FALSE AS is_held_back FROM submission_current
  UNION ALL
  SELECT DISTINCT case_id, org_code, CAST(NULL AS VARCHAR), TRUE FROM held_finding
),
known AS (
  SELECT
    COALESCE(r.case_id, h.case_id) AS case_id,
    COALESCE(r.org_code, h.org_code) AS org_code,
    r.case_id IS NOT NULL AS is_reported,
    COALESCE(r.is_held_back, FALSE) AS is_held_back,
    r.fingerprint,
    h.held_fingerprint,
    COALESCE(h.is_waiting, FALSE) AS is_waiting,
    h.rejection_batch,
    h.rejection_fingerprint,
    h.rejection_code,
    h.rejection_message,
    COALESCE(h.is_released, FALSE) AS is_released
  FROM reported r
  FULL JOIN platform_record h ON h.case_id = r.case_id
),
wanted AS (
  SELECT
    *,
    CASE
      WHEN is_held_back THEN 'held_back'
      WHEN is_reported AND held_fingerprint IS NULL THEN 'I'
      WHEN is_reported AND held_fingerprint = fingerprint THEN 'unchanged'
      WHEN is_reported THEN 'U'
      WHEN held_fingerprint IS NOT NULL THEN 'D'
      ELSE 'none'
    END AS op
  FROM known
)
SELECT
  :record_prefix || CAST(case_id AS VARCHAR) AS record_id,
  * EXCLUDE (op),
  CASE
    WHEN is_waiting THEN 'waiting'
    WHEN op IN ('I', 'U', 'D') AND NOT is_released AND rejection_fingerprint = COALESCE(fingerprint, '') THEN 'rejected'
    ELSE op
  END AS decision
FROM wanted;
