/** Checks K01–K10 and K12 on exact, unrounded sums. K11 belongs to the revision statement. */
import { type CheckResult, SCOPES, type Scope, WHOLE_CODE } from '../../../schemas/dataset.ts';
import type { Balance } from '../../../schemas/definitions.ts';
import { parseDecimal } from '../../runtime/decimal.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { type Figures, flowIndicators, sumIndicators, WHOLE_NAME } from './figures.ts';

const ALL = WHOLE_CODE;

/** Run the balances (K01–K07, K10), ALL against bodies (K08) and year-to-date continuity (K09). */
export function checkFigures(figures: Figures, balances: readonly Balance[]): CheckResult[] {
  const orgs = [...figures.bodies.map(({ code }) => code), ALL];
  const results = SCOPES.flatMap((scope) =>
    orgs.flatMap((orgCode) => [
      ...balances.map((balance) => checkBalance(figures, balance, scope, orgCode)),
      ...(scope === 'ytd' ? [checkContinuity(figures, orgCode)] : []),
      ...(orgCode === ALL ? [checkWhole(figures, scope)] : []),
    ]),
  );
  return results.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function checkBalance(figures: Figures, balance: Balance, scope: Scope, orgCode: string): CheckResult {
  const total = (terms: readonly string[]): bigint =>
    terms.reduce((sum, term) => {
      const value = figures.sum(scope, orgCode, term.replace('-', ''));
      return term.startsWith('-') ? sum - value : sum + value;
    }, 0n);
  const compared = balance.relations.map(({ left, operator, right }) => {
    const [l, r] = [total(left), total(right)];
    return {
      l,
      r,
      ok: operator === '=' ? l === r : l <= r,
      text: `${left.join('+')} ${operator} ${right.join('+')}`,
    };
  });
  const shown = compared.find(({ ok }) => !ok) ?? compared[0];
  return {
    id: balance.id,
    name: balance.name,
    scope,
    orgCode,
    orgName: figures.nameOf(orgCode),
    ok: compared.every(({ ok }) => ok),
    left: String(shown?.l ?? 0n),
    right: String(shown?.r ?? 0n),
    note: (shown?.text ?? '').replaceAll('+-', '-'),
  };
}

/** K08: each sum of ALL equals the sum over the bodies. */
function checkWhole(figures: Figures, scope: Scope): CheckResult {
  const sums = sumIndicators(figures.indicators);
  const overBodies = (id: string): bigint =>
    figures.bodies.reduce((sum, { code }) => sum + figures.sum(scope, code, id), 0n);
  const failing = sums.filter(({ id }) => figures.sum(scope, ALL, id) !== overBodies(id));
  const shown = failing[0]?.id ?? 'A02';
  return {
    id: 'K08',
    name: '合计=各机构之和',
    scope,
    orgCode: ALL,
    orgName: WHOLE_NAME,
    ok: failing.length === 0,
    left: String(figures.sum(scope, ALL, shown)),
    right: String(overBodies(shown)),
    note:
      failing.length === 0
        ? `共核对${sums.length}项指标`
        : `不符指标：${failing.map(({ id }) => id).join('、')}`,
  };
}

/** K09: each flow of the year to date equals that up to the period's first day plus the period's. */
function checkContinuity(figures: Figures, orgCode: string): CheckResult {
  const flows = flowIndicators(figures.indicators);
  const parts = (id: string): bigint =>
    figures.sum('ytd_before', orgCode, id) + figures.sum('month', orgCode, id);
  const failing = flows.filter(({ id }) => figures.sum('ytd', orgCode, id) !== parts(id));
  const shown = failing[0]?.id ?? 'A02';
  return {
    id: 'K09',
    name: '本年累计=上期累计+本期',
    scope: 'ytd',
    orgCode,
    orgName: figures.nameOf(orgCode),
    ok: failing.length === 0,
    left: String(figures.sum('ytd', orgCode, shown)),
    right: String(parts(shown)),
    note:
      failing.length === 0
        ? `共核对${flows.length}项流量指标`
        : `不符指标：${failing.map(({ id }) => id).join('、')}`,
  };
}

export interface ExclusionShare {
  readonly excluded: number;
  readonly counted: number;
}

/** Accepted, undeleted cases of the snapshot that fail a counting field, and those that count. */
export async function exclusionShare(engine: Engine): Promise<ExclusionShare> {
  const row = await engine.one<{ excluded: string; counted: string }>(
    'SELECT COUNT(exclusion) AS excluded, COUNT(*) FILTER (WHERE counted = 1) AS counted FROM case_fact',
  );
  return { excluded: Number(row.excluded), counted: Number(row.counted) };
}

/** K12: excluded cases are at most `limitPercent` (decimal text) of the counted ones. */
export function checkExclusions(share: ExclusionShare, limitPercent: string): CheckResult {
  // excluded / counted <= limit / 100, in integers with the limit scaled by 10^6
  const limit = parseDecimal(limitPercent, 6);
  const ok = BigInt(share.excluded) * 100_000_000n <= limit * BigInt(share.counted);
  return {
    id: 'K12',
    name: `待核查案件不超过计入案件的${limitPercent}%`,
    scope: 'month',
    orgCode: ALL,
    orgName: WHOLE_NAME,
    ok,
    left: String(share.excluded),
    right: String(share.counted),
    note: `待核查${share.excluded}件，计入${share.counted}件`,
  };
}

/** The first day of the data, where the whole period lies before it: most likely its year was mistyped. */
export async function dataBegin(engine: Engine): Promise<string | undefined> {
  const { day } = await engine.one<{ day: string | null }>(
    `WITH first AS (
       SELECT least((SELECT min(accept_day) FROM case_fact WHERE counted = 1),
         (SELECT min(accept_day) FROM mediation_fact WHERE counted = 1)) AS day
     )
     SELECT CASE WHEN f.day > p.end_day THEN day_text(f.day) END AS day FROM first f CROSS JOIN parameter p`,
  );
  return day ?? undefined;
}

/**
 * Days without an announced arrangement, on or before the as-of date, that decided a time limit behind C11 or B02:
 * publication is held while there are any.
 */
export async function provisionalDeadlines(engine: Engine): Promise<number> {
  const row = await engine.one<{ n: string }>(
    `SELECT COUNT(DISTINCT c.case_id) AS n FROM case_fact c CROSS JOIN parameter p
     JOIN period_window w ON w.window_id IN ('month', 'ytd')
     WHERE c.counted = 1 AND c.deadline_is_provisional = 1 AND c.deadline_day <= p.as_of_day
       AND (c.close_day BETWEEN w.start_day AND w.end_day
         OR (c.accept_day <= w.end_day AND (c.close_day IS NULL OR c.close_day > w.end_day)))`,
  );
  return Number(row.n);
}
