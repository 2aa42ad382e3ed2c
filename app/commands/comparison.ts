/** The comparison of pre-applications with cases: what it says on a terminal, and a person's word on a pair. */
import path from 'node:path';
import type { Command } from 'commander';
import {
  decidePair,
  type ExplainedPreApplication,
  explainComparison,
  withdrawPair,
} from '../../pipelines/comparison.ts';
import {
  CLASS_TITLES,
  type ComparisonRunEnd,
  type Period,
  PRE_APPLICATION_COMPARISON,
} from '../../pipelines/pre-application-comparison.ts';
import { EXIT } from '../../pipelines/runtime/errors.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { counted } from '../../pipelines/runtime/words.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';

const STATE_TEXT = {
  published: 'published',
  unchanged: 'unchanged: the lines are those already published',
  held: 'HELD: nothing was published, the files are a draft',
  draft: 'draft; never published',
} as const satisfies Record<ComparisonRunEnd['comparison']['state'], string>;

/** The closing summary: classes, what changed, files; undefined where the run made no comparison. */
export function comparisonResult({
  runId,
  comparison,
  opened,
}: Partial<ComparisonRunEnd> & { readonly runId: string }): CommandResult | undefined {
  if (comparison === undefined || opened === undefined) return undefined;
  const { state, period, revision, provisional, dir, files, reasons, counts } = comparison;
  const json = {
    run: runId,
    product: PRE_APPLICATION_COMPARISON,
    period,
    state,
    revision,
    provisional,
    snapshot: opened.manifest.id,
    asOf: opened.asOf,
    dir,
    files,
    heldReasons: reasons.map(({ text, releasable }) => ({ text, releasable })),
    classes: counts.classes,
    difference: counts.difference,
  };
  const { difference } = counts;
  const indented = (line: string): string => `  ${line}`;
  const shown = files.filter((file) => /\.(csv|xlsx|html|txt)$/.test(file) && !file.includes('/'));
  const pages = files.filter((file) => file.includes('/')).length;
  const lines = [
    '',
    `${PRE_APPLICATION_COMPARISON} ${period}${revision === null ? '' : ` r${revision}`}: ${STATE_TEXT[state]}`,
    `run ${runId}, snapshot ${opened.manifest.id} as of ${opened.asOf}`,
    '',
    ...tableLines(
      [
        { title: 'class', value: ([name]: [string, number]) => name },
        { title: 'count', align: 'right', value: ([, count]) => String(count) },
        { title: 'name', value: ([name]) => CLASS_TITLES[name as keyof typeof CLASS_TITLES] },
      ],
      Object.entries(counts.classes),
    ).map(indented),
    '',
    `Problems since the run before: ${difference.new} new, ${difference.staying} staying, ${difference.resolved} resolved`,
    '',
    `Files in ${dir}:`,
    ...shown.map(indented),
    ...(pages > 0 ? [indented(`各机构/ (${counted(pages, 'page')} for the bodies)`)] : []),
    ...(reasons.length > 0 ? ['', 'Needs attention:', ...reasons.map(({ text }) => indented(text))] : []),
    '',
    'Next:',
    ...nextSteps({ state, runId, period, page: path.join(dir, shown.find(isPage) ?? '') }).map(indented),
  ];
  return { json, lines, exit: state === 'held' ? EXIT.held : EXIT.done };
}

const isPage = (file: string): boolean => file.endsWith('.html');

function nextSteps({
  state,
  runId,
  period,
  page,
}: Pick<ComparisonRunEnd['comparison'], 'state' | 'period'> & {
  readonly runId: string;
  readonly page: string;
}): string[] {
  const ofPeriod = period.includes('..') ? '' : ` --period ${period}`;
  return [
    `open ${page}`,
    `npx arbdata explain pre-application ID${ofPeriod}    why one stands in its class`,
    'npx arbdata comparison confirm PRE_APP CASE    these two belong together; or reject',
    ...(state === 'held'
      ? [`npx arbdata runs release ${runId} --reason "…"    publish it all the same`]
      : []),
  ];
}

/** explain pre-application ID. */
export async function preApplicationResult(
  service: Service,
  { id, period }: { readonly id: string; readonly period: Period | undefined },
): Promise<CommandResult> {
  const found = await explainComparison(service, { preAppId: id, period });
  const { manifest, proofs, tried, ...facts } = found;
  const run = { run: manifest.runId, period: manifest.period, snapshot: manifest.snapshotId };
  return { json: { ...facts, ...run, tried, proofs }, lines: explanationLines(found) };
}

function explanationLines(found: ExplainedPreApplication): string[] {
  const { manifest, class: name, tried, proofs } = found;
  const made = manifest.state === 'published' ? `r${manifest.revision}` : manifest.state;
  return [
    `${found.preAppId}: ${name} ${CLASS_TITLES[name]}`,
    `${manifest.period} (${made}, run ${manifest.runId}), body ${found.orgCode}, status ${found.status}`,
    `submitted ${found.submitDate || '—'}, reviewed ${found.reviewDate || '—'}, case number ${found.caseNo || '—'}`,
    `in this class since ${found.firstSeen} (${found.ageDays || '—'} working days)`,
    '',
    ...tried.map(({ class: one, fits, because }) => `${fits ? '→' : ' '} ${one.padEnd(16)} ${because}`),
    ...(proofs.length === 0 ? [] : ['', ...proofLines(proofs)]),
  ];
}

function proofLines(proofs: ExplainedPreApplication['proofs']): string[] {
  type Proof = ExplainedPreApplication['proofs'][number];
  return tableLines<Proof>(
    [
      { title: 'kind', value: ({ kind }) => kind },
      { title: 'with', value: ({ caseId, earlierId }) => (earlierId === '' ? caseId : earlierId) },
      { title: 'field', value: ({ field }) => field },
      { title: 'pre-application', value: ({ preValue }) => preValue },
      { title: 'case', value: ({ caseValue }) => caseValue },
      { title: 'bits', align: 'right', value: ({ weight }) => weight },
      { title: 'found', value: ({ verdict }) => verdict },
    ],
    proofs,
  );
}

/** comparison confirm, reject, withdraw, decisions. */
export function registerComparisonDecisions(program: Command, register: Register): void {
  const command = program
    .command('comparison')
    .description("a person's word on a pre-application and a case")
    .addHelpText(
      'after',
      examplesText([
        'arbdata comparison confirm YSQ20261003000129262 129262',
        'arbdata comparison decisions',
      ]),
    );
  const reason = ['--reason <text>', 'why; recorded for good'] as const;
  for (const [name, verdict, description] of [
    ['confirm', 'confirmed', 'the two belong together: later runs take them as linked'],
    ['reject', 'rejected', 'the two do not belong together: later runs do not propose them again'],
  ] as const) {
    register<{ reason?: string }>(
      command
        .command(`${name} <pre-application> <case>`)
        .description(description)
        .option(...reason),
      async (service, options, [preAppId = '', caseId = '']) => {
        const pair = await decidePair(service, verdict, { preAppId, caseId, reason: options.reason });
        return {
          json: { ...pair, verdict },
          lines: [`${verdict} ${pair.preAppId} and case ${pair.caseId}; the next run shows it`],
        };
      },
      [`arbdata comparison ${name} YSQ20261003000129262 129262 --reason "file checked"`],
    );
  }
  register<{ reason?: string }>(
    command
      .command('withdraw <pre-application> <case>')
      .description('take a word back')
      .option(...reason),
    async (service, options, [preAppId = '', caseId = '']) => {
      await withdrawPair(service, { preAppId, caseId, reason: options.reason });
      return {
        json: { preAppId, caseId },
        lines: [`nothing is said of ${preAppId} and case ${caseId} any more`],
      };
    },
    ['arbdata comparison withdraw YSQ20261003000129262 129262'],
  );
  register(command.command('decisions').description('what was said and stands'), listDecisions, [
    'arbdata comparison decisions',
  ]);
}

async function listDecisions({ ledger }: Service): Promise<CommandResult> {
  const decisions = await ledger.standingDecisions();
  type Decision = (typeof decisions)[number];
  return {
    json: { decisions },
    lines: tableLines<Decision>(
      [
        { title: 'pre-application', value: ({ preAppId }) => preAppId },
        { title: 'case', value: ({ caseId }) => caseId },
        { title: 'verdict', value: ({ verdict }) => verdict },
        { title: 'by', value: ({ actor }) => actor },
        { title: 'at', value: ({ decidedAt }) => decidedAt.slice(0, 19) },
        { title: 'reason', value: (one) => one.reason ?? '' },
      ],
      decisions,
    ),
  };
}
