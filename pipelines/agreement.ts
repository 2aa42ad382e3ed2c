/** 三方一致: for a month, the monthly table, what the platform took and the cockpit, case by case. Top to bottom. */
import {
  type AgreementFile,
  type GapClass,
  PAIRS,
  type PairId,
  type Reason,
  type Side,
} from '../schemas/agreement.ts';
import { OTHER_BODY, WHOLE_CODE } from '../schemas/dataset.ts';
import { dayNumber, type Period, parsePeriod, periodRange } from '../schemas/period.ts';
import {
  addPublished,
  addShown,
  addTaken,
  type FoundSide,
  keptBatches,
  publishedBodies,
  publishedTable,
} from './agreement-sides.ts';
import { MACRO_MONITORING } from './macro-monitoring.ts';
import { loadAgreement } from './runtime/definitions.ts';
import { ArbdataError } from './runtime/errors.ts';
import { openEngine, type Service } from './runtime/service.ts';
import {
  createGaps,
  type Gap,
  type GapCount,
  type GapFilter,
  gapCounts,
  gaps,
  type SideCount,
  sideCounts,
} from './steps/agreement/gaps.ts';
import { addSide, createInputs, type Span } from './steps/agreement/sources.ts';
import {
  type CockpitVersion,
  cockpitDir,
  readPanels,
  readVersion,
} from './steps/publish/cockpit-versions.ts';
import type { Batch } from './steps/submit/batch.ts';
import { LAYOUT_RULE } from './steps/submit/records.ts';

export {
  GAP_CLASSES,
  type GapClass,
  PAIR_IDS,
  type PairId,
  SIDES,
} from '../schemas/agreement.ts';
export type { Gap, SideFact } from './steps/agreement/gaps.ts';

/** One of the three, and where its numbers come from. */
export interface ShownSide {
  readonly side: Side;
  readonly title: string;
  /** The title where there is little room. */
  readonly short: string;
  readonly text: string;
  /** Why it says nothing, Chinese; null where it does. */
  readonly missing: string | null;
  /** What it was read from, Chinese name and value. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** What to bear in mind, Chinese. */
  readonly notes: readonly string[];
}

/** How two of the three differ in one figure of one body: `difference` = cases of the left alone − of the right alone. */
export interface PairDifference {
  readonly pair: PairId;
  readonly difference: number;
  readonly leftOnly: number;
  readonly rightOnly: number;
  readonly classes: Readonly<Record<GapClass, number>>;
}

/** One figure of one body; a side that says nothing has null, and no pair with it stands here. */
export interface AgreementRow {
  readonly figure: string;
  readonly orgCode: string;
  readonly counts: Readonly<Record<Side, number | null>>;
  readonly pairs: readonly PairDifference[];
}

/** How many cases one reason explains; the same case counts once for each figure and pair. */
export interface ReasonCount {
  readonly id: string;
  readonly class: GapClass;
  readonly title: string;
  readonly text: string;
  readonly cases: Readonly<Record<PairId, number>>;
}

export interface Agreement {
  readonly period: string;
  /** The body that was asked for, or ALL. */
  readonly org: string;
  readonly sides: readonly ShownSide[];
  readonly classes: AgreementFile['classes'];
  readonly states: AgreementFile['states'];
  readonly figures: readonly { readonly id: string; readonly name: string; readonly unit: string }[];
  readonly bodies: readonly { readonly code: string; readonly name: string }[];
  /** By figure, the whole first, then the bodies in their order; of one body only its own rows. */
  readonly rows: readonly AgreementRow[];
  /** Those that explain something, in the order of their classes. */
  readonly reasons: readonly ReasonCount[];
  /** The cases behind the differences, once. */
  cases(filter?: Omit<GapFilter, 'org'>): AsyncGenerator<Gap>;
  /** Ends the reading of cases. */
  close(): void;
}

/** A month in which the three were held against each other: any of its bodies can be looked at. */
export interface MonthAgreement {
  /** What the numbers depend on: equal keys, equal numbers. */
  readonly key: string;
  /**
   * @param org absent or ALL: the whole and every body
   * @throws ArbdataError E_NOT_FOUND for a body that is not there
   */
  of(org?: string): Agreement;
  /** Ends the reading of cases. */
  close(): void;
}

/**
 * Hold the three against each other. Close it when its cases were read.
 * @param wanted.period a month; absent: the last one that was published, else the cockpit's last complete one
 * @param wanted.org one body; absent or ALL: the whole and every body
 * @throws ArbdataError E_USAGE (no month), E_NOT_FOUND (body), E_NOTHING_YET, E_ARTEFACT_DAMAGED
 */
export async function agreement(
  service: Service,
  wanted: { readonly period?: Period | undefined; readonly org?: string | undefined } = {},
): Promise<Agreement> {
  const month = await openAgreement(service, wanted.period);
  try {
    return month.of(wanted.org);
  } catch (error) {
    month.close();
    throw error;
  }
}

/**
 * The same for all bodies of a month.
 * @param known an earlier answer, which is handed back where nothing has changed since
 * @throws ArbdataError as {@link agreement}
 */
export async function openAgreement(
  service: Service,
  wanted?: Period,
  known?: MonthAgreement,
): Promise<MonthAgreement> {
  const file = loadAgreement(service.home.definitions);
  const shown = await readVersion(cockpitDir(service.home), []);
  const period = requireMonth(wanted ?? (await latestMonth(service, shown)));
  const table = await publishedTable(service, period);
  const batches = await keptBatches(service);
  const cutoffDay = table?.manifest.cutoffDay ?? shown?.index.cutoffDay ?? service.config.cutoffDay;
  const key = JSON.stringify([
    file,
    period.text,
    cutoffDay,
    table?.manifest.runId,
    shown?.index.runId,
    await platformState(service, batches),
  ]);
  if (known?.key === key) return known;
  // The key told all that the numbers depend on: what is read from here on is read once for it.
  const tableBodies = table === undefined ? undefined : await publishedBodies(service, period);
  const cockpit = shown && { ...shown, panels: await readPanels(shown, ['trend', 'districts']) };
  const { start, end } = periodRange(period, cutoffDay);
  const span: Span = { startDay: dayNumber(start), endDay: dayNumber(end) };
  const engine = await openEngine(service);
  try {
    await createInputs(engine);
    const found = [
      await addPublished(engine, file, table),
      await addTaken(service, engine, { file, span, batches }),
      await addShown(service, engine, { file, period, cockpit, table }),
    ];
    for (const [position, { source }] of found.entries())
      if (source !== undefined) await addSide(engine, position, source);
    await createGaps(engine, file, { span, layoutRule: LAYOUT_RULE });
    const counts = await sideCounts(engine);
    const differences = await gapCounts(engine);
    const bodies = bodiesOf(tableBodies ?? shownBodies(cockpit), counts);
    const present = found.flatMap(({ side, source }) => (source === undefined ? [] : [side]));
    const of = (wantedOrg?: string): Agreement => {
      const org = requireBody(wantedOrg, bodies);
      const own = org === WHOLE_CODE ? undefined : org;
      const orgs = own === undefined ? [WHOLE_CODE, ...bodies.map(({ code }) => code)] : [own];
      return {
        period: period.text,
        org,
        sides: found.map((one) => shownSide(file, one)),
        classes: file.classes,
        states: file.states,
        figures: figuresOf(service, file),
        bodies: own === undefined ? bodies : bodies.filter(({ code }) => code === own),
        rows: rowsOf(file, { orgs, present, counts, differences }),
        reasons: reasonsOf(
          file,
          differences.filter(({ orgCode }) => own === undefined || orgCode === own),
        ),
        cases: (filter = {}) => gaps(engine, file, { ...filter, org: own }),
        close: () => engine.close(),
      };
    };
    return { key, of, close: () => engine.close() };
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** What the platform was asked, has answered, and what persons said of it. */
async function platformState({ ledger }: Service, batches: readonly Batch[] | 'purged') {
  if (batches === 'purged') return batches;
  const { length: releases } = await ledger.recordReleases();
  const states = batches.map(({ name, state, accepted, rejected, loss }) => [
    name,
    state,
    accepted,
    rejected,
    loss !== undefined,
  ]);
  return [releases, states];
}

/** Months that were published, the latest first: what can be looked at. */
export async function agreementMonths(service: Pick<Service, 'ledger'>): Promise<string[]> {
  const published = (await service.ledger.publications(MACRO_MONITORING)).map(({ period }) => period);
  const months = published.filter((text) => parsePeriod(text).kind === 'month');
  return [...new Set(months)].sort().reverse();
}

async function latestMonth(service: Service, cockpit: CockpitVersion | undefined): Promise<Period> {
  const [latest] = await agreementMonths(service);
  const month = latest ?? cockpit?.index.months.complete;
  if (month !== undefined) return parsePeriod(month);
  throw new ArbdataError('E_NOTHING_YET', 'no month was published and the cockpit was never refreshed', {
    advice: 'Run `arbdata run monthly`, or name a month with --period.',
  });
}

function requireMonth(period: Period): Period {
  if (period.kind === 'month') return period;
  throw new ArbdataError('E_USAGE', `the agreement is of a month, and ${period.text} is none`, {
    advice: 'Name a month, such as 2026-10.',
  });
}

/** The bodies of the cockpit, in their order. */
function shownBodies(cockpit: CockpitVersion | undefined): Agreement['bodies'] {
  return (cockpit?.panels.get('districts')?.tables['body'] ?? [])
    .map((row) => ({ code: String(row['org_code']), name: String(row['org_name']) }))
    .filter(({ code }) => code !== WHOLE_CODE && code !== OTHER_BODY.code);
}

/** The bodies that have names, and those that a side alone knows. */
function bodiesOf(named: Agreement['bodies'], counts: readonly SideCount[]): Agreement['bodies'] {
  const counted = [...new Set(counts.map(({ orgCode }) => orgCode))].sort();
  const all = [...named, ...counted.map((code) => ({ code, name: code }))];
  return all.filter(({ code }, place) => all.findIndex((one) => one.code === code) === place);
}

function requireBody(org: string | undefined, bodies: Agreement['bodies']): string {
  if (org === undefined || org === WHOLE_CODE || bodies.some(({ code }) => code === org))
    return org ?? WHOLE_CODE;
  throw new ArbdataError('E_NOT_FOUND', `there is no body ${org}`, {
    advice: `Bodies of this month: ${bodies.map(({ code }) => code).join(', ')}.`,
  });
}

function shownSide(file: AgreementFile, { side, missing, facts = [], notes = [] }: FoundSide): ShownSide {
  const words = file.sides.find(({ id }) => id === side);
  return {
    side,
    title: words?.title ?? side,
    short: words?.short ?? side,
    text: words?.text ?? '',
    missing: missing ?? null,
    facts,
    notes,
  };
}

function figuresOf({ definitions }: Service, { figures }: AgreementFile): Agreement['figures'] {
  return figures.map(({ id }) => {
    const indicator = definitions.indicators.indicators.find((one) => one.id === id);
    return { id, name: indicator?.name ?? id, unit: indicator?.unit ?? '' };
  });
}

function rowsOf(
  { figures }: AgreementFile,
  {
    orgs,
    present,
    counts,
    differences,
  }: {
    readonly orgs: readonly string[];
    readonly present: readonly Side[];
    readonly counts: readonly SideCount[];
    readonly differences: readonly GapCount[];
  },
): AgreementRow[] {
  const isOf = (org: string) => (one: { readonly orgCode: string }) =>
    org === WHOLE_CODE || one.orgCode === org;
  return figures.flatMap(({ id: figure }) =>
    orgs.map((orgCode) => {
      const own = counts.filter((one) => one.figure === figure).filter(isOf(orgCode));
      const gapsHere = differences.filter((one) => one.figure === figure).filter(isOf(orgCode));
      const count = (side: Side) =>
        present.includes(side) ? sumOf(own.filter((one) => one.side === side)) : null;
      return {
        figure,
        orgCode,
        counts: { table: count('table'), platform: count('platform'), cockpit: count('cockpit') },
        pairs: PAIRS.filter(({ left, right }) => present.includes(left) && present.includes(right)).map(
          ({ id, left, right }) =>
            differenceOf(
              { id, left, right, difference: (count(left) ?? 0) - (count(right) ?? 0) },
              gapsHere.filter(({ pair }) => pair === id),
            ),
        ),
      };
    }),
  );
}

/** @throws ArbdataError E_CHECK_BROKEN where the cases do not add up to the difference of the numbers */
function differenceOf(
  pair: {
    readonly id: PairId;
    readonly left: Side;
    readonly right: Side;
    readonly difference: number;
  },
  found: readonly GapCount[],
): PairDifference {
  const { id, left, right, difference } = pair;
  const alone = (side: Side) => sumOf(found.filter(({ inSide }) => inSide === side));
  if (alone(left) - alone(right) !== difference) {
    throw new ArbdataError('E_CHECK_BROKEN', `the cases behind ${id} do not add up to ${difference}`, {
      advice: 'Report this as a defect, with the month and the runs that the three sides name.',
    });
  }
  const inClass = (name: GapClass) => sumOf(found.filter((one) => one.class === name));
  return {
    pair: id,
    difference,
    leftOnly: alone(left),
    rightOnly: alone(right),
    classes: { defect: inClass('defect'), timing: inClass('timing'), definition: inClass('definition') },
  };
}

function reasonsOf({ classes, reasons }: AgreementFile, found: readonly GapCount[]): ReasonCount[] {
  const inOrder = classes.flatMap(({ id }) => reasons.filter((reason) => reason.class === id));
  return inOrder.flatMap(({ id, class: name, title, text }: Reason) => {
    const own = found.filter(({ reason }) => reason === id);
    if (own.length === 0) return [];
    const of = (pair: PairId) => sumOf(own.filter((one) => one.pair === pair));
    const cases = {
      'table-platform': of('table-platform'),
      'table-cockpit': of('table-cockpit'),
      'platform-cockpit': of('platform-cockpit'),
    };
    return [{ id, class: name, title, text, cases }];
  });
}

const sumOf = (rows: readonly { readonly cases: number }[]): number =>
  rows.reduce((sum, { cases }) => sum + cases, 0);
