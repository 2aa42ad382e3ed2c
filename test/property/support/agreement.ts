/** Whether the product and the reference agree on a source. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_DIR } from '../../../pipelines/runtime/project.ts';
import { Calendar, dayOf } from '../../reference/dates.ts';
import { FLOWS } from '../../reference/indicators.ts';
import { referenceFindings } from '../../reference/rules.ts';
import { type ChooseTied, keepOnePerKey, type RawRow } from '../../reference/source.ts';
import { earlierPeriods, referenceExclusions, referenceFigures } from '../../reference/statistics.ts';
import type { AskedSource } from './dirty-source.ts';
import type { Answer } from './product.ts';

const calendar = new Calendar(
  JSON.parse(readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/working-days.json'), 'utf8')),
);

/** Combinations of tied rows that are tried before the answers count as different. */
const MOST_CHOICES = 1024;

interface Reference {
  readonly figures: ReadonlyMap<string, string>;
  /** `scope body indicator` to `current previous lastYear`, of every flow. */
  readonly comparisons: ReadonlyMap<string, string>;
  readonly excluded: readonly string[];
  readonly findings: readonly string[];
}

/** The reference's answer, with one choice among the rows that tie for a key. */
function askReference({ source, question }: AskedSource, choose: ChooseTied): Reference {
  const kept = keepOnePerKey(source, choose);
  const asked = {
    period: question.period,
    asOfDay: dayOf(question.asOf),
    cutoffDay: question.cutoffDay === 0 ? undefined : question.cutoffDay,
    calendar,
  };
  const { previous, lastYear } = earlierPeriods(question.period);
  const figures = referenceFigures(kept, asked);
  const before = referenceFigures(kept, { ...asked, period: previous });
  const yearBefore = referenceFigures(kept, { ...asked, period: lastYear });
  const comparisons = new Map<string, string>();
  for (const [place, current] of figures) {
    if (!FLOWS.includes(place.split(' ')[2] ?? '')) continue;
    const then = place.startsWith('month') ? before.get(place) : '';
    comparisons.set(place, `${current} ${then} ${yearBefore.get(place)}`);
  }
  return {
    figures,
    comparisons,
    excluded: referenceExclusions(kept, asked.asOfDay),
    findings: referenceFindings(kept, asked),
  };
}

/** `place: reference / product` of every place where two tables differ. */
function differingPlaces(
  what: string,
  ours: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
) {
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((place) => ours.get(place) !== theirs.get(place))
    .map((place) => `${what} ${place}: ${ours.get(place)} / ${theirs.get(place)}`);
}

/** Records are listed once for each rule; only those without a key share a name. */
function differingLists(what: string, ours: readonly string[], theirs: readonly string[]): string[] {
  const [a, b] = [new Set(ours), new Set(theirs)];
  const twice = theirs.filter((line, place) => theirs.indexOf(line) < place && !line.includes('（空）'));
  return [
    ...[...a].filter((line) => !b.has(line)).map((line) => `${what}: lacking ${line}`),
    ...[...b].filter((line) => !a.has(line)).map((line) => `${what}: extra ${line}`),
    ...twice.map((line) => `${what}: twice ${line}`),
  ];
}

/** What differs, one line each. */
function differences(reference: Reference, product: Answer): string[] {
  const [expected, found] = [new Set(reference.findings), new Set(product.findings)];
  const compared = product.comparisons.map(
    ({ scope, orgCode, indicatorId, current, previous, lastYear }) =>
      [`${scope} ${orgCode} ${indicatorId}`, `${current} ${previous} ${lastYear}`] as const,
  );
  return [
    ...differingPlaces('figure', reference.figures, product.figures),
    ...differingPlaces('comparison', reference.comparisons, new Map(compared)),
    ...[...expected].filter((finding) => !found.has(finding)).map((finding) => `lacking ${finding}`),
    ...[...found].filter((finding) => !expected.has(finding)).map((finding) => `extra ${finding}`),
    ...differingLists('excluded', reference.excluded, product.excluded),
    ...(product.findings.length === found.size ? [] : ['a finding stands twice']),
    ...(product.comparisons.length === reference.comparisons.size ? [] : ['a comparison stands twice']),
  ];
}

/**
 * The differences between the two answers. Which of several tied rows stays is open, so the product agrees when it
 * agrees with any choice; otherwise the fewest differences are told.
 */
export function disagreement(asked: AskedSource, product: Answer): string[] {
  const ties: number[] = [];
  const chooseBy = (choice: readonly number[]): ChooseTied => {
    let place = 0;
    return (_view, rows): RawRow => {
      ties[place] = rows.length;
      const row = rows[choice[place++] ?? 0] ?? rows[0];
      if (row === undefined) throw new Error('no row to choose from');
      return row;
    };
  };
  let fewest = differences(askReference(asked, chooseBy([])), product);
  const choices = ties.reduce((all, size) => all * size, 1);
  for (let number = 1; number < Math.min(choices, MOST_CHOICES) && fewest.length > 0; number += 1) {
    let rest = number;
    const choice = ties.map((size) => {
      const place = rest % size;
      rest = Math.floor(rest / size);
      return place;
    });
    const found = differences(askReference(asked, chooseBy(choice)), product);
    if (found.length < fewest.length) fewest = found;
  }
  return fewest;
}
