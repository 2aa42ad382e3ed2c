-- One row per second application for the same dispute within days; the first one is found as well.
-- The second application is rejected, as the law asks: a new case, its parties and its claims.
INSERT INTO demo_defect
SELECT
  'V029',
  'ARB_CASE',
  (case_id + 700000000)::VARCHAR,
  case_id,
  'case ' || case_id || ' applied for again three days later and rejected'
FROM demo_free
WHERE accept_date < getvariable('demo_last_month')
  AND applicant_id_no IS NOT NULL AND respondent_id_no IS NOT NULL
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

INSERT INTO demo_side_effect
SELECT 'V029', case_id::VARCHAR, rule_id, record_key FROM demo_defect WHERE rule_id = 'V029';

INSERT INTO demo_arb_case
SELECT * REPLACE (
  case_id + 700000000 AS case_id,
  NULL AS case_no,
  apply_date + INTERVAL 3 DAY AS apply_date,
  NULL AS accept_date,
  apply_date + INTERVAL 4 DAY AS reject_date,
  NULL AS limit_start_date,
  0 AS excluded_days,
  NULL AS suspended_since,
  0 AS extend_days,
  NULL AS hearing_date,
  NULL AS close_date,
  NULL AS close_mode,
  '0' AS final_award,
  NULL AS award_result,
  NULL AS award_amount,
  '60' AS case_status,
  created_at + INTERVAL 3 DAY AS created_at,
  created_at + INTERVAL 4 DAY AS updated_at
)
FROM demo_arb_case
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V029'
);

INSERT INTO demo_arb_party
SELECT * REPLACE (party_id + 7000000000 AS party_id, case_id + 700000000 AS case_id)
FROM demo_arb_party
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V029'
);

INSERT INTO demo_arb_claim
SELECT * REPLACE (
  claim_id + 7000000000 AS claim_id, case_id + 700000000 AS case_id, NULL AS supported_amount
)
FROM demo_arb_claim
WHERE case_id IN (
  SELECT case_id FROM demo_defect WHERE rule_id = 'V029'
);
