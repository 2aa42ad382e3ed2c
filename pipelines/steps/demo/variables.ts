/** Hands the plan and the definitions to the engine as variables `demo_…`, which the SQL files read. */
import { type Engine, literal } from '../../runtime/duckdb.ts';
import type { DemoDefinitions } from './definitions.ts';
import type { DemoPlan } from './plan.ts';

/** CASE_ID of the first case. */
const FIRST_CASE_ID = 100_000;
/** MEDIATION_ID of the first mediation. */
const FIRST_MEDIATION_ID = 500_000;

export async function setVariables(engine: Engine, plan: DemoPlan, demo: DemoDefinitions): Promise<void> {
  const values = { ...planValues(plan), ...definitionValues(plan, demo) };
  for (const [name, value] of Object.entries(values))
    await engine.run(`SET VARIABLE demo_${name} = ${value}`);
}

function planValues(plan: DemoPlan): Record<string, string> {
  return {
    seed: `${plan.seed}::BIGINT`,
    size: literal(plan.size),
    city: literal(plan.size === 'nation' ? '' : '北京'),
    first_month: `DATE ${literal(`${plan.firstMonth}-01`)}`,
    as_of: `DATE ${literal(plan.asOf)}`,
    as_of_day: `date_diff('day', DATE '1970-01-01', DATE ${literal(plan.asOf)})`,
    last_month: `DATE ${literal(`${plan.until}-01`)}`,
    month_end: `last_day(DATE ${literal(`${plan.until}-01`)})`,
    last_month_day: `date_diff('day', DATE '1970-01-01', DATE ${literal(`${plan.until}-01`)})`,
    months: `${plan.months}::BIGINT`,
    cases: `${plan.cases}::BIGINT`,
    mediations: `${plan.mediations}::BIGINT`,
    unlinked: `${plan.unlinkedPreApplications}::BIGINT`,
    online_permille: `${plan.onlinePermille}::BIGINT`,
    first_case_id: `${FIRST_CASE_ID}::BIGINT`,
    first_mediation_id: `${FIRST_MEDIATION_ID}::BIGINT`,
  };
}

function definitionValues(plan: DemoPlan, demo: DemoDefinitions): Record<string, string> {
  const { quantiles, shares } = demo;
  const size = demo.sizes[plan.size];
  return {
    season: numbers(demo.seasonPercent),
    growth: `${demo.growthPerMonthPermille}::BIGINT`,
    claim_scale: `${size.claimScalePercent}::BIGINT`,
    permille: `{${Object.entries(demo.permille)
      .map(([name, value]) => `${literal(name)}: ${value}`)
      .join(', ')}}`,
    hearing_permille: numbers(['1', '2', '3', '4', '5'].map((mode) => demo.hearingPermille[mode as '1'])),
    dispute_type: slots(shares.disputeType),
    dispute_type_of_public_bodies: slots(shares.disputeTypeOfPublicBodies),
    employer_nature: slots(shares.employerNature),
    industry: slots(shares[size.industry]),
    close_mode: slots(shares.closeMode),
    award_result: slots(shares.awardResult),
    claim_count: slots(shares.claimCount),
    decision_delay: slots(shares.decisionDelay),
    mediator_kind: slots(shares.mediatorKind),
    mediation_result: slots(shares.mediationResult),
    mediation_dispute_type: slots(shares.mediationDisputeType),
    pre_application_status: slots(shares.preApplicationStatus),
    home_province: slots(shares.homeProvince),
    surname: slots(shares.surname),
    claim_fen: percentiles(quantiles.claimYuan, 100),
    mediation_fen: percentiles(quantiles.mediationYuan, 100),
    collective_workers: percentiles(quantiles.collectiveWorkers),
    days_to_mediation: percentiles(quantiles.daysToMediation),
    days_to_award: percentiles(quantiles.daysToAward),
    days_to_other_end: percentiles(quantiles.daysToOtherEnd),
    suspended_days: percentiles(quantiles.suspendedDays),
    age_days: percentiles(quantiles.ageYears, 366),
    given_characters: texts(demo.givenCharacters),
    brand_characters: texts(demo.brandCharacters),
    roads: texts(demo.roads),
    sector_words: `MAP {${Object.entries(demo.sectorWords)
      .map(([code, words]) => `${literal(code)}: ${texts(words)}`)
      .join(', ')}}`,
    spring_festivals: `[${demo.springFestivals.map((day) => `DATE ${literal(day)}`).join(', ')}]`,
  };
}

function texts(values: readonly string[]): string {
  return `[${values.map(literal).join(', ')}]`;
}

function numbers(values: readonly number[]): string {
  return `[${values.join(', ')}]::BIGINT[]`;
}

/** A code list as 1,000 slots, each code as often as its share in permille; in the order of the codes. */
function slots(shares: Readonly<Record<string, number>>): string {
  const codes = Object.entries(shares).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return texts(codes.flatMap(([code, permille]) => Array.from({ length: permille }, () => code)));
}

/** 101 whole percentiles on straight lines between the given points, times a factor. */
function percentiles(points: readonly (readonly [number, number])[], factor = 1): string {
  const values = Array.from({ length: 101 }, (_, percent) => {
    const upper = points.findIndex(([at]) => at >= percent);
    const [toPercent, to] = points[upper] ?? [100, 0];
    const [fromPercent, from] = points[upper - 1] ?? [0, to];
    if (toPercent === fromPercent) return to * factor;
    return (
      Math.floor(((to - from) * factor * (percent - fromPercent)) / (toPercent - fromPercent)) + from * factor
    );
  });
  return numbers(values);
}
