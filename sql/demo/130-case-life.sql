-- One row per case of the slice: what became of it up to the as-of date.
CREATE OR REPLACE TEMP TABLE demo_case_life AS
WITH decided AS (
  SELECT
    *,
    -- Within four Mondays to Fridays, so that a make-up working day cannot make it late (V008).
    demo_after_weekdays(apply_day, CASE
      WHEN is_late THEN 8 + demo_below(key, 21, 8)
      WHEN isodow(DATE '1970-01-01' + apply_day::INTEGER) > 5 THEN greatest(delay, 1)
      ELSE delay
    END) AS decision_day
  FROM (
    SELECT
      *,
      demo_chance(key, 22, getvariable('demo_permille').lateDecision) AS is_late,
      demo_pick(key, 23, getvariable('demo_decision_delay'))::BIGINT AS delay
    FROM demo_case_start
  )
),
opened AS (
  SELECT
    * REPLACE (
      CASE
        -- A silent body decides before its last month what would fall into it.
        WHEN mood = 'silent' AND decision_day >= getvariable('demo_last_month_day')
          THEN getvariable('demo_last_month_day') - 1
        WHEN demo_open_day(decision_day) >= apply_day THEN demo_open_day(decision_day)
        ELSE decision_day
      END AS decision_day
    ),
    demo_chance(key, 24, getvariable('demo_permille').rejected) AS is_rejected,
    demo_below(key, 25, 1000) AS course,
    demo_pick(key, 26, getvariable('demo_close_mode')) AS planned_mode
  FROM decided
),
coursed AS (
  SELECT
    *,
    decision_day <= getvariable('demo_as_of_day') AS is_decided,
    -- One special course at most: overdue, suspended, served by publication, time limit restarted.
    course < getvariable('demo_permille').overdue AS is_overdue,
    course >= 100 AND course < 100 + getvariable('demo_permille').suspended AS has_suspension,
    course >= 200 AND course < 200 + getvariable('demo_permille').published AS has_publication,
    CASE
      WHEN course >= 300 AND course < 300 + getvariable('demo_permille').restarted
        THEN decision_day + 5 + demo_below(key, 27, 25)
      ELSE decision_day
    END AS limit_from,
    demo_number(key, 28) AS length_draw,
    demo_quantile(key, 29, getvariable('demo_suspended_days')) AS suspension_days,
    decision_day + 3 + demo_below(key, 30, 8) AS suspension_day
  FROM opened
),
planned AS (
  SELECT
    *,
    CASE
      WHEN is_overdue THEN 57 + demo_below(key, 31, 45)
      WHEN planned_mode = '1' THEN demo_between(length_draw, getvariable('demo_days_to_mediation'))
      WHEN planned_mode = '2' THEN demo_between(length_draw, getvariable('demo_days_to_award'))
      ELSE demo_between(length_draw, getvariable('demo_days_to_other_end'))
    END AS wanted_days,
    CASE WHEN has_suspension THEN suspension_days WHEN has_publication THEN 30 ELSE 0 END AS planned_exclusion
  FROM coursed
),
timed AS (
  SELECT
    *,
    CASE WHEN is_overdue OR wanted_days <= 45 THEN 0 ELSE wanted_days - 45 END AS planned_extension,
    limit_from + planned_exclusion AS counted_from,
    limit_from + planned_exclusion
      + CASE WHEN has_suspension THEN greatest(wanted_days, 20) ELSE wanted_days END AS due_day
  FROM planned
),
shifted AS (
  -- What would end on a closed day ends on one of the days before it, not always on a Friday.
  SELECT
    *,
    CASE
      WHEN demo_open_day(due_day) < due_day THEN demo_open_day(due_day - demo_below(key, 35, 5))
      ELSE due_day
    END AS open_end_day
  FROM timed
),
ended AS (
  SELECT
    *,
    CASE
      -- A body that closes nothing in its last month makes up for it in the days after.
      WHEN mood = 'unclosed' AND open_end_day BETWEEN getvariable('demo_last_month_day')
        AND getvariable('demo_as_of_day') - 3 THEN getvariable('demo_as_of_day') - demo_below(key, 32, 3)
      WHEN open_end_day > counted_from THEN open_end_day
      ELSE due_day
    END AS end_day
  FROM shifted
),
stated AS (
  SELECT
    *,
    is_decided AND NOT is_rejected AS is_accepted,
    has_suspension AND suspension_day <= getvariable('demo_as_of_day')
      AND suspension_day + suspension_days > getvariable('demo_as_of_day') AS is_suspended
  FROM ended
),
closed AS (
  SELECT
    *,
    is_accepted AND NOT is_suspended AND end_day <= getvariable('demo_as_of_day') AS is_closed,
    demo_chance(key, 33, getvariable('demo_hearing_permille')[planned_mode::INTEGER]) AS has_hearing,
    decision_day + ((end_day - planned_exclusion - decision_day) * (45 + demo_below(key, 34, 40))) // 100
      AS wanted_hearing_day
  FROM stated
),
heard AS (
  SELECT
    *,
    CASE
      WHEN is_accepted AND has_hearing AND NOT is_suspended
        AND greatest(demo_open_day(wanted_hearing_day), decision_day) <= getvariable('demo_as_of_day')
        THEN greatest(demo_open_day(wanted_hearing_day), decision_day)
    END AS hearing_day
  FROM closed
)
SELECT
  case_id,
  body_number,
  key,
  is_deleted,
  is_online,
  apply_channel,
  apply_day,
  applicant_side,
  worker_count,
  claim_count,
  first_firm,
  firms,
  firm_id,
  worker_number,
  worker_reference_day,
  earlier_case,
  CASE WHEN is_accepted THEN decision_day END AS accept_day,
  CASE WHEN is_decided AND is_rejected THEN decision_day END AS reject_day,
  CASE
    WHEN is_accepted AND limit_from > decision_day AND limit_from <= getvariable('demo_as_of_day')
      THEN limit_from
  END AS limit_start_day,
  CASE
    WHEN is_closed THEN planned_exclusion
    WHEN is_accepted AND has_suspension AND NOT is_suspended
      AND suspension_day <= getvariable('demo_as_of_day')
      THEN planned_exclusion
    WHEN is_accepted AND has_publication AND decision_day + 20 <= getvariable('demo_as_of_day')
      THEN planned_exclusion
    ELSE 0
  END AS excluded_days,
  CASE WHEN is_accepted AND is_suspended THEN suspension_day END AS suspended_since_day,
  CASE
    WHEN is_closed OR (is_accepted
      AND limit_from + planned_exclusion + 40 <= getvariable('demo_as_of_day')) THEN planned_extension
    ELSE 0
  END AS extend_days,
  hearing_day,
  CASE WHEN is_closed THEN end_day END AS close_day,
  CASE WHEN is_closed THEN planned_mode END AS close_mode,
  CASE
    WHEN is_closed THEN '50'
    WHEN is_accepted AND is_suspended THEN '40'
    WHEN is_accepted
      AND (hearing_day IS NOT NULL OR decision_day + 7 <= getvariable('demo_as_of_day')) THEN '30'
    WHEN is_accepted THEN '20'
    WHEN is_decided THEN '60'
    ELSE '10'
  END AS case_status
FROM heard;
