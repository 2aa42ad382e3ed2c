-- One row per undeleted case, as it is compared.
CREATE TABLE compared_case AS
SELECT
  raw_row AS case_row, case_id, case_no, org_code, pre_app_id, apply_day, apply_channel, accept_day, dispute_type,
  claim_amount, case_status
FROM valid_case
WHERE is_undeleted;
