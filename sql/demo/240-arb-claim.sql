-- One row per claim of the slice's cases; CLAIM_ID is CASE_ID and the claim's position.
INSERT INTO demo_arb_claim (claim_id, case_id, claim_type, amount, supported_amount, updated_at)
WITH claim AS (
  SELECT case_id, 1 AS position, dispute_type AS claim_type, fen_1 AS fen, granted_1 AS granted, last_day
  FROM demo_case
  UNION ALL
  SELECT case_id, 2, demo_pick(key, 91, getvariable('demo_dispute_type')), fen_2, granted_2, last_day
  FROM demo_case WHERE claim_count >= 2
  UNION ALL
  SELECT case_id, 3, demo_pick(key, 92, getvariable('demo_dispute_type')), fen_3, granted_3, last_day
  FROM demo_case WHERE claim_count >= 3
  UNION ALL
  SELECT case_id, 4, demo_pick(key, 93, getvariable('demo_dispute_type')), fen_4, granted_4, last_day
  FROM demo_case WHERE claim_count >= 4
)
SELECT
  case_id * 10 + position, case_id, claim_type, demo_yuan(fen), demo_yuan(granted), demo_time(last_day, 63000)
FROM claim;
