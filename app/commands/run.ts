/** run, runs: make a period's products, see what was made, release what was held. */

import path from 'node:path';
import type { Command } from 'commander';
import { hasSource, makeDemo } from '../../pipelines/demo.ts';
import { type MacroOutcome, runMacroMonitoring } from '../../pipelines/macro-monitoring.ts';
import { type ProductsRunEnd, runMonthly } from '../../pipelines/monthly.ts';
import { runNationalPlatform } from '../../pipelines/national-platform.ts';
import { type DateRange, type Period, runComparison } from '../../pipelines/pre-application-comparison.ts';
import { releaseRun } from '../../pipelines/release.ts';
import { shanghaiDate, stampToMs } from '../../pipelines/runtime/clock.ts';
import { ArbdataError, EXIT } from '../../pipelines/runtime/errors.ts';
import type { RunDetails, RunRow } from '../../pipelines/runtime/ledger.ts';
import { readDate, readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { counted } from '../../pipelines/runtime/words.ts';
import { lastCompletePeriod, lastCompletePeriodOf } from '../../pipelines/source.ts';

import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';
import { registerCockpitRefresh } from './cockpit.ts';
import { comparisonResult } from './comparison.ts';
import { submissionResult } from './national-platform.ts';

interface RunOptions {
  period?: string;
  asOf?: string;
  snapshot?: string;
  demoIfMissing?: boolean;
}

export function registerRun(program: Command, register: Register): void {
  const run = program
    .command('run')
    .description('make the products of a period')
    .addHelpText(
      'after',
      examplesText(['arbdata run monthly', 'arbdata run macro-monitoring --period 2026-10']),
    );
  for (const [name, description] of [
    ['monthly', 'every product of the month, from one snapshot'],
    ['macro-monitoring', 'the macro-monitoring dataset (宏观监测)'],
  ] as const) {
    const command = run
      .command(name)
      .description(description)
      .option(
        '--period <period>',
        '2026-10, 2026-Q4, 2026-H2 or 2026; absent: the last complete month of the source or snapshot',
      )
      .option(
        '--as-of <date>',
        'date of the new snapshot (YYYY-MM-DD); absent: the date of the source, or today',
      )
      .option('--snapshot <id>', 'use this snapshot instead of taking one');
    if (name === 'monthly')
      command.option('--demo-if-missing', 'make the demo source first if there is no source');
    register<RunOptions>(command, (service, options) => runPeriod(service, name, options), [
      `arbdata run ${name} --period 2026-10`,
      `arbdata run ${name} --period 2026-10 --as-of 2026-11-03`,
    ]);
  }
  registerComparison(run, register);
  registerNationalPlatform(run, register);
  registerCockpitRefresh(run, register);
}

interface ComparisonOptions extends Omit<RunOptions, 'demoIfMissing'> {
  from?: string;
  to?: string;
}

function registerComparison(run: Command, register: Register): void {
  register<ComparisonOptions>(
    run
      .command('pre-application-comparison')
      .description('online pre-applications held against cases (网上预申请数据比对)')
      .option('--period <period>', '2026-10, 2026-Q4, 2026-H2 or 2026; absent: the last complete month')
      .option('--from <date>', 'first day of a report on any days, which is never published (YYYY-MM-DD)')
      .option('--to <date>', 'its last day')
      .option(
        '--as-of <date>',
        'date of the new snapshot (YYYY-MM-DD); absent: the date of the source, or today',
      )
      .option('--snapshot <id>', 'use this snapshot instead of taking one'),
    async (service, options) => {
      const asOf = options.asOf === undefined ? undefined : readDate(options.asOf, '--as-of');
      const request = { asOf, snapshotId: options.snapshot };
      const span = readSpan(options) ?? (await defaultPeriod(service, request));
      return runResult(service, await runComparison(service, { ...request, span }));
    },
    [
      'arbdata run pre-application-comparison --period 2026-10',
      'arbdata run pre-application-comparison --from 2026-11-01 --to 2026-11-15',
    ],
  );
}

function registerNationalPlatform(run: Command, register: Register): void {
  register<Omit<RunOptions, 'demoIfMissing'> & { platform?: string }>(
    run
      .command('national-platform')
      .description('the batch of a month for the national platform (全国监测平台报送); `submit` sends it')
      .option('--period <month>', '2026-10; absent: the last complete month of the source or snapshot')
      .option(
        '--as-of <date>',
        'date of the new snapshot (YYYY-MM-DD); absent: the date of the source, or today',
      )
      .option('--snapshot <id>', 'use this snapshot instead of taking one')
      .option('--platform <product>', 'another platform that has a layout (docs/submission.md)'),
    async (service, options) => {
      const asOf = options.asOf === undefined ? undefined : readDate(options.asOf, '--as-of');
      const request = { asOf, snapshotId: options.snapshot };
      const given = options.period === undefined ? undefined : readPeriod(options.period);
      const period = given ?? (await defaultPeriod(service, request));
      const { platform } = options;
      const end = await runNationalPlatform(service, {
        ...request,
        period,
        ...(platform === undefined ? {} : { product: platform }),
      });
      return runResult(service, end);
    },
    ['arbdata run national-platform --period 2026-10'],
  );
}

/** The period or the days that were asked for; undefined where neither was. */
function readSpan({ period, from, to }: ComparisonOptions): Period | DateRange | undefined {
  if (from === undefined && to === undefined) return period === undefined ? undefined : readPeriod(period);
  if (from === undefined || to === undefined || period !== undefined) {
    throw new ArbdataError('E_USAGE', '--from and --to go together, and not with --period', {
      advice: 'Give --period 2026-10, or --from 2026-11-01 --to 2026-11-15.',
    });
  }
  const [start, end] = [readDate(from, '--from'), readDate(to, '--to')];
  if (start <= end) return { start, end };
  throw new ArbdataError('E_USAGE', `--from ${start} is after --to ${end}`, {
    advice: 'Give the first day with --from and the last with --to.',
  });
}

/** The last complete month of the source or of a snapshot. */
async function defaultPeriod(
  service: Service,
  { asOf, snapshotId }: { asOf: string | undefined; snapshotId: string | undefined },
): Promise<Period> {
  return snapshotId === undefined
    ? lastCompletePeriod(service, asOf)
    : lastCompletePeriodOf(service, snapshotId);
}

export function registerRuns(program: Command, register: Register): void {
  const runs = program
    .command('runs')
    .description('runs, the latest first')
    .option('--period <period>', 'only runs of this period')
    .option('--limit <n>', 'how many', '20');
  register<{ period?: string; limit: string }>(runs, listRuns, [
    'arbdata runs',
    'arbdata runs --period 2026-10',
  ]);
  register(runs.command('show <id>').description('one run with its steps and files'), showRun, [
    'arbdata runs show R20261103-090000-1a2b',
  ]);
  register<{ reason: string }>(
    runs
      .command('release <id>')
      .description(
        'publish what a check held (K11, K12, provisional calendar, approval); K01 to K10 can only be mended',
      )
      .requiredOption('--reason <text>', 'why; recorded for good'),
    async (service, { reason }, [id = '']) => runResult(service, await releaseRun(service, id, reason)),
    ['arbdata runs release R20261103-090000-1a2b --reason "excluded cases checked with the districts"'],
  );
}

async function runPeriod(
  service: Service,
  pipeline: 'monthly' | 'macro-monitoring',
  options: RunOptions,
): Promise<CommandResult> {
  const asOf = options.asOf === undefined ? undefined : readDate(options.asOf, '--as-of');
  const given = options.period === undefined ? undefined : readPeriod(options.period);
  if (options.demoIfMissing === true && !hasSource(service)) {
    service.log.info('there is no source yet: making the demo source');
    await makeDemo(service, { size: 'demo', seed: 1, replace: false });
  }
  const { snapshot } = options;
  const asked = { asOf, snapshotId: snapshot };
  const request = { ...asked, period: given ?? (await defaultPeriod(service, asked)) };
  const end: MadeProducts =
    pipeline === 'monthly' ? await runMonthly(service, request) : await runMacroMonitoring(service, request);
  return runResult(service, end);
}

const STATE_TEXT = {
  published: 'published',
  unchanged: 'unchanged: the figures are those already published',
  held: 'HELD by a check: nothing was published, the files are a draft',
  draft: 'provisional draft: the period had not ended at the as-of date; never published',
} as const satisfies Record<MacroOutcome['state'], string>;

type MadeProducts = Partial<ProductsRunEnd> & { runId: string };

/** The closing summary of every product that a run made. */
function runResult(service: Service, made: MadeProducts): CommandResult {
  const macro = macroResult(service, made);
  const comparison = comparisonResult(made);
  const submission = submissionResult(made);
  const results = [macro, comparison, submission].filter((one) => one !== undefined);
  const [first, ...more] = results;
  if (first === undefined) return { json: { run: made.runId }, lines: [] };
  if (more.length === 0) return first;
  return {
    json: {
      ...first.json,
      ...(comparison === undefined ? {} : { preApplicationComparison: comparison.json }),
      ...(submission === undefined ? {} : { nationalPlatform: submission.json }),
    },
    lines: results.flatMap(({ lines }) => lines),
    exit: Math.max(...results.map(({ exit }) => exit ?? EXIT.done)),
  };
}

/** Figures, files, findings, what needs attention, what to do next. */
function macroResult(
  service: Service,
  { runId, outcome, prepared }: MadeProducts,
): CommandResult | undefined {
  if (outcome === undefined || prepared === undefined) return undefined;
  const { state, period, revision, reasons, keyFigures, dir, files, provisional, revised, failedChecks } =
    outcome;
  const names = new Map(service.definitions.indicators.indicators.map((one) => [one.id, one]));
  const { findings } = prepared;
  const shown = files.filter((file) => /\.(csv|json|xlsx|txt)$/.test(file) && !file.includes('/'));
  const lists = files.length - files.filter((file) => !file.includes('/')).length;
  const json = {
    run: runId,
    product: 'macro-monitoring',
    period: period.text,
    state,
    revision,
    provisional,
    snapshot: prepared.manifest.id,
    asOf: prepared.asOf,
    dir,
    files,
    heldReasons: reasons.map(({ text, releasable }) => ({ text, releasable })),
    failedChecks,
    revised,
    keyFigures,
    findings,
  };
  const attention = [
    ...reasons.map(({ text }) => text),
    ...(['A01', 'A02', 'C01', 'B01'].every((id) => keyFigures[id] === '0')
      ? [
          'no case was accepted, closed or open in this period: is it the right one, and is the source complete?',
        ]
      : []),
    ...(prepared.asOf > shanghaiDate(service.clock)
      ? [
          `the as-of date ${prepared.asOf} lies in the future: what happens until then is not in the source yet`,
        ]
      : []),
  ];
  const lines = [
    '',
    `macro-monitoring ${period.text}${revision === null ? '' : ` r${revision}`}: ${STATE_TEXT[state]}`,
    `run ${runId}, snapshot ${prepared.manifest.id} as of ${prepared.asOf}`,
    '',
    'Figures of the whole, this period:',
    ...tableLines(
      [
        { title: 'id', value: ([id]: [string, string]) => id },
        { title: 'value', align: 'right', value: ([, value]) => (value === '' ? '—' : value) },
        { title: 'unit', value: ([id]) => names.get(id)?.unit ?? '' },
        { title: 'name', value: ([id]) => names.get(id)?.name ?? '' },
      ],
      Object.entries(keyFigures),
    ).map(indented),
    '',
    `Files in ${dir}:`,
    ...shown.map((file) => indented(file)),
    ...(lists > 0 ? [indented(`待整改/ (${counted(lists, 'workbook')} for the bodies)`)] : []),
    '',
    `Findings: ${findings.new + findings.continuing} open (${findings.new} new, ${findings.continuing} continuing), ` +
      `${findings.resolved} resolved, ${findings.verified} verified as correct`,
    ...revised.map(
      ({ baseline, cases }) => `Revision statement against ${baseline}: ${counted(cases, 'case')}`,
    ),
    ...(attention.length > 0 ? ['', 'Needs attention:', ...attention.map(indented)] : []),
    '',
    'Next:',
    ...nextSteps(
      state,
      runId,
      period.text,
      dir,
      reasons.every(({ releasable }) => releasable) && !provisional,
    ).map(indented),
  ];
  return { json, lines, exit: state === 'held' ? EXIT.held : EXIT.done };
}

const indented = (line: string): string => `  ${line}`;

function nextSteps(
  state: MacroOutcome['state'],
  runId: string,
  period: string,
  dir: string,
  releasable: boolean,
): string[] {
  const look = [
    `open ${path.join(dir, `宏观监测-${period.replace('-', '')}.xlsx`)}`,
    `npx arbdata explain A02@ALL --period ${period}    the cases behind a figure`,
    'npx arbdata findings --state new             what the districts have to correct',
  ];
  if (state !== 'held') return look;
  return [
    ...look,
    releasable
      ? `npx arbdata runs release ${runId} --reason "…"    publish it all the same`
      : 'this run cannot be released: mend the source, or wait until the period has ended; then run it again',
  ];
}

async function listRuns(
  service: Service,
  options: { period?: string; limit: string },
): Promise<CommandResult> {
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new ArbdataError('E_USAGE', `--limit ${options.limit} is not a positive whole number`, {
      advice: 'For example --limit 50.',
    });
  }
  const period = options.period === undefined ? undefined : readPeriod(options.period).text;
  const runs = await service.ledger.listRuns({ limit, ...(period === undefined ? {} : { period }) });
  const lines =
    runs.length === 0
      ? [
          period === undefined
            ? 'There are no runs yet. Start with: npm run monthly'
            : `There are no runs of ${period}. Start with: npx arbdata run monthly --period ${period}`,
        ]
      : tableLines<RunRow>(
          [
            { title: 'run', value: ({ id }) => id },
            { title: 'pipeline', value: ({ pipeline }) => pipeline },
            { title: 'period', value: (run) => run.period ?? '' },
            { title: 'state', value: ({ state }) => state },
            { title: 'result', value: ({ summary }) => resultOf(summary) },
            { title: 'by', value: ({ actor }) => actor },
            { title: 'started', value: ({ startedAt }) => startedAt.slice(0, 19) },
            { title: 'snapshot', value: ({ snapshotId }) => snapshotId ?? '' },
          ],
          runs,
        );
  return { json: { runs }, lines };
}

function resultOf(summary: unknown): string {
  type Made = { state: string; revision: number | null };
  const products = (summary ?? {}) as Partial<
    Record<'macro-monitoring' | 'pre-application-comparison', Made>
  >;
  return [products['macro-monitoring'], products['pre-application-comparison']]
    .filter((product) => product !== undefined)
    .map(({ state, revision }) => (revision === null ? state : `${state} r${revision}`))
    .join(', ');
}

async function showRun(
  service: Service,
  _options: unknown,
  [id = '']: readonly string[],
): Promise<CommandResult> {
  const run = await service.ledger.requireRun(id);
  return { json: { run }, lines: runLines(run) };
}

function runLines(run: RunDetails): string[] {
  const error = run.error as { code?: string; message?: string } | null;
  return [
    `run ${run.id}: ${run.pipeline} ${run.period ?? ''}, ${run.state}`,
    `by ${run.actor}, ${run.startedAt.slice(0, 19)} to ${run.finishedAt?.slice(0, 19) ?? '…'}, snapshot ${run.snapshotId ?? 'none'}`,
    ...(error === null ? [] : [`error ${error.code ?? ''}: ${error.message ?? ''}`]),
    `parameters ${JSON.stringify(run.parameters)}`,
    '',
    ...tableLines(
      [
        { title: 'step', value: ({ name }: RunDetails['steps'][number]) => name },
        {
          title: 'seconds',
          align: 'right',
          value: ({ startedAt, finishedAt }) => seconds(startedAt, finishedAt),
        },
        { title: 'rows', align: 'right', value: ({ rows }) => (rows === null ? '' : String(rows)) },
      ],
      run.steps,
    ),
    ...(run.files.length === 0
      ? []
      : [
          '',
          ...tableLines(
            [
              {
                title: 'sha256',
                value: ({ sha256 }: RunDetails['files'][number]) => `${sha256.slice(0, 16)}…`,
              },
              { title: 'bytes', align: 'right', value: ({ sizeBytes }) => String(sizeBytes) },
              { title: 'file', value: (file) => file.path },
            ],
            run.files,
          ),
        ]),
  ];
}

function seconds(from: string, to: string | null): string {
  if (to === null) return 'unfinished';
  return ((stampToMs(to) - stampToMs(from)) / 1000).toFixed(1);
}
