-- One row per mediation outside arbitration in the slice's districts.
INSERT INTO demo_arb_mediation (
  mediation_id, org_code, mediator_kind, accept_date, close_date, result, dispute_type, worker_count, amount,
  deleted, updated_at
)
WITH counted AS (
  SELECT m.body_number, m.first_open_position, m.open_days, m.mediations, m.first_mediation,
    unnest(range(m.mediations)) AS position
  FROM demo_body_month m
  JOIN demo_body_range r ON r.body_number = m.body_number
  WHERE r.slice = getvariable('demo_slice')
),
keyed AS (
  SELECT *, demo_key(first_mediation + position, 8) AS key FROM counted
),
drawn AS (
  SELECT
    *,
    getvariable('demo_office_days')[
      first_open_position + (position * open_days + demo_below(key, 1, open_days)) // mediations
    ] AS accept_day
  FROM keyed
),
closed AS (
  SELECT
    *,
    -- Within 15 days by law, longer by agreement.
    greatest(accept_day, demo_open_day(accept_day
      + CASE WHEN demo_chance(key, 2, 850) THEN demo_below(key, 3, 16) ELSE 16 + demo_below(key, 3, 20) END))
      AS end_day,
    demo_quantile(key, 4, getvariable('demo_mediation_fen')) AS fen
  FROM drawn
)
SELECT
  getvariable('demo_first_mediation_id') + c.first_mediation + c.position,
  b.org_code,
  demo_pick(c.key, 5, getvariable('demo_mediator_kind')),
  demo_time(c.accept_day, 0),
  CASE WHEN c.end_day <= getvariable('demo_as_of_day') THEN demo_time(c.end_day, 0) END,
  CASE WHEN c.end_day <= getvariable('demo_as_of_day')
    THEN demo_pick(c.key, 6, getvariable('demo_mediation_result')) END,
  demo_pick(c.key, 7, getvariable('demo_mediation_dispute_type')),
  CASE WHEN demo_chance(c.key, 8, 3) THEN 10 + demo_below(c.key, 9, 20)
    WHEN demo_chance(c.key, 10, 15) THEN 2 + demo_below(c.key, 9, 8) ELSE 1 END,
  demo_yuan(c.fen),
  CASE WHEN demo_chance(c.key, 11, getvariable('demo_permille').deleted) THEN '1' ELSE '0' END,
  demo_time(
    CASE WHEN c.end_day <= getvariable('demo_as_of_day') THEN c.end_day ELSE c.accept_day END,
    57600 + demo_below(c.key, 12, 7200)
  )
FROM closed c
JOIN demo_body b ON b.body_number = c.body_number;
