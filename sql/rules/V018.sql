-- One row per undeleted case that breaks V018: accepted, with a field of the breakdowns empty or out
-- of its list.
WITH judged AS (
  SELECT
    case_id, org_code, dispute_type, applicant_side, employer_nature, apply_channel,
    is_listed(unlisted, 'DISPUTE_TYPE', dispute_type) AS has_dispute_type,
    COALESCE(applicant_side IN ('1', '2'), FALSE) AS has_applicant_side,
    is_listed(unlisted, 'EMPLOYER_NATURE', employer_nature) AS has_employer_nature,
    is_listed(unlisted, 'APPLY_CHANNEL', apply_channel) AS has_apply_channel
  FROM valid_case
  WHERE is_undeleted AND accept_day IS NOT NULL
)
SELECT
  record_name(case_id) AS record_key,
  org_code,
  [CASE WHEN NOT has_dispute_type THEN 'DISPUTE_TYPE' END,
   CASE WHEN NOT has_applicant_side THEN 'APPLICANT_SIDE' END,
   CASE WHEN NOT has_employer_nature THEN 'EMPLOYER_NATURE' END,
   CASE WHEN NOT has_apply_channel THEN 'APPLY_CHANNEL' END] AS field,
  [dispute_type, applicant_side, employer_nature, apply_channel] AS value
FROM judged
WHERE NOT (has_dispute_type AND has_applicant_side AND has_employer_nature AND has_apply_channel);
