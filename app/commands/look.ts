/** snapshot, findings, explain, indicators, audit, doctor: look at what there is. */

import { type Command, Option } from 'commander';
import { type Diagnosis, doctor } from '../../pipelines/doctor.ts';
import { explain } from '../../pipelines/explain.ts';
import {
  CRLF,
  FINDINGS_CSV_HEADER,
  findingCsvLine,
  findings,
  findingsRun,
  knownBody,
  markFinding,
  type ShownFinding,
  unmarkFinding,
  VIEW_NAMES,
} from '../../pipelines/findings.ts';
import { ArbdataError, EXIT } from '../../pipelines/runtime/errors.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { counted } from '../../pipelines/runtime/words.ts';
import { snapshots, verifySnapshots } from '../../pipelines/snapshots.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';
import { preApplicationResult } from './comparison.ts';
import { recordResult } from './submission.ts';

export function registerSnapshot(program: Command, register: Register): void {
  const snapshot = program
    .command('snapshot')
    .description('frozen snapshots')
    .addHelpText('after', examplesText(['arbdata snapshot list', 'arbdata snapshot verify']));
  register(snapshot.command('list').description('all snapshots, oldest first'), listSnapshots, [
    'arbdata snapshot list',
  ]);
  register(
    snapshot.command('verify [id]').description('rehash one snapshot, or all, against their manifests'),
    async (service, _options, [id]) => {
      const manifests = await verifySnapshots(service, id);
      return {
        json: { verified: manifests.map((one) => one.id) },
        lines: [
          ...manifests.map((one) => `${one.id}: every byte as frozen (${counted(one.views.length, 'view')})`),
          ...(manifests.length === 0 ? ['There are no snapshots.'] : []),
        ],
      };
    },
    ['arbdata snapshot verify', 'arbdata snapshot verify 20261103-090000-1a2b'],
    { home: true },
  );
}

async function listSnapshots(service: Service): Promise<CommandResult> {
  const all = await snapshots(service);
  return {
    json: { snapshots: all },
    lines: tableLines(
      [
        { title: 'snapshot', value: ({ id }: (typeof all)[number]) => id },
        { title: 'as of', value: ({ manifest }) => manifest?.asOf ?? '' },
        {
          title: 'rows',
          align: 'right',
          value: ({ manifest }) => String(manifest?.views.reduce((sum, { rows }) => sum + rows, 0) ?? ''),
        },
        { title: 'source', value: ({ manifest }) => manifest?.source.kind ?? '' },
        {
          title: 'state',
          value: ({ problem, pinned }) => problem ?? (pinned ? 'pinned by a publication' : 'ok'),
        },
      ],
      all,
    ),
  };
}

interface FindingOptions {
  rule?: string;
  org?: string;
  state?: string;
  severity?: string;
  run?: string;
  format: 'text' | 'csv' | 'json';
}

export function registerFindings(program: Command, register: Register): void {
  const command = program
    .command('findings')
    .description('findings of the latest run, all of them; personal columns are masked')
    .option('--rule <id>', 'only this rule, for example V023')
    .option('--org <code>', 'only this body')
    .addOption(new Option('--state <state>', 'only this state').choices(['new', 'continuing', 'resolved']))
    .addOption(
      new Option('--severity <severity>', 'only this severity').choices(['error', 'warning', 'info']),
    )
    .option('--run <id>', 'the findings of this run')
    .addOption(
      new Option('--format <format>', 'text for people, csv for a table program, json as with --json')
        .choices(['text', 'csv', 'json'])
        .default('text'),
    );
  register<FindingOptions>(command, listFindings, [
    'arbdata findings --state new --org 110105',
    'arbdata findings --rule V023 --format csv > V023.csv',
    'arbdata findings --json',
  ]);
  const view = (): Option =>
    new Option('--view <view>', 'the view of the record, where a rule lists several').choices(VIEW_NAMES);
  register<{ reason: string; until: string; view?: string }>(
    command
      .command('mark <rule> <record>')
      .description('mark a finding as verified correct; a new value or a new case breaks the mark')
      .requiredOption('--reason <text>', 'why it is correct as it is')
      .requiredOption('--until <date>', 'last day on which the mark holds (YYYY-MM-DD)')
      .addOption(view()),
    async (service, { reason, until, view: scope }, [ruleId = '', recordKey = '']) => {
      const marked = await markFinding(service, { ruleId, recordKey, reason, until, scope });
      return {
        json: { ruleId, scope: marked.scope, recordKey, until, run: marked.runId },
        lines: [`marked ${ruleId} on ${recordKey} as verified correct until ${until}; the next run shows it`],
      };
    },
    ['arbdata findings mark V028 100214 --reason "awarded with interest, file checked" --until 2027-06-30'],
  );
  register<{ reason?: string; view?: string }>(
    command
      .command('unmark <rule> <record>')
      .description('withdraw a mark')
      .option('--reason <text>', 'why')
      .addOption(view()),
    async (service, { reason, view: scope }, [ruleId = '', recordKey = '']) => {
      await unmarkFinding(service, { ruleId, recordKey, scope, reason });
      return { json: { ruleId, recordKey }, lines: [`withdrew the mark of ${ruleId} on ${recordKey}`] };
    },
    ['arbdata findings unmark V028 100214'],
  );
}

async function listFindings(service: Service, options: FindingOptions): Promise<CommandResult> {
  const run = await findingsRun(service, options.run);
  const rule = options.rule === undefined ? undefined : knownRule(service, options.rule);
  if (options.org !== undefined) await knownBody(service, run, options.org);
  const rows = findings(service, { ...options, rule, runId: run });
  if (options.format === 'csv') {
    return {
      json: { run },
      lines: [FINDINGS_CSV_HEADER],
      lineEnd: CRLF,
      stream: { key: 'findings', rows, line: (row) => findingCsvLine(row as ShownFinding) },
    };
  }
  return {
    json: { run },
    lines: [`findings of run ${run}`],
    stream: { key: 'findings', rows, line: (row) => findingLine(row as ShownFinding) },
  };
}

/** A rule that does not exist has no findings, which would read as good news. */
function knownRule({ definitions }: Service, text: string): string {
  const id = text.toUpperCase();
  if (definitions.rules.some((rule) => rule.id === id)) return id;
  throw new ArbdataError('E_NOT_FOUND', `there is no rule ${text}`, {
    advice: 'Rules are named V001 to V051, and N001 is what a platform rejected: see `arbdata findings`.',
  });
}

function findingLine(one: ShownFinding): string {
  const mark = one.mark === null ? '' : ` [${one.mark}]`;
  return `${one.rule_id} ${one.severity.padEnd(7)} ${one.org_code ?? '—'} ${one.scope} ${one.record_key}  ${one.field} = ${one.value}  ${one.state}${mark}  ${one.message}`;
}

interface ExplainOptions {
  period?: string;
  scope: 'month' | 'ytd';
  run?: string;
  unmasked?: boolean;
  reason?: string;
}

export function registerExplain(program: Command, register: Register): void {
  register<ExplainOptions>(
    program
      .command('explain <what> [id]')
      .description(
        'the cases behind one figure (INDICATOR@BODY, or @ALL), why a pre-application stands in its class ' +
          '(pre-application ID), or what was sent of a case and answered (record ID); names are masked',
      )
      .option('--period <period>', 'the period; needed for a figure')
      .addOption(
        new Option('--scope <scope>', 'the period itself or the year to date')
          .choices(['month', 'ytd'])
          .default('month'),
      )
      .option('--run <id>', "explain this run's files instead of the publication in force")
      .option('--unmasked', 'show names in full; needs --reason and is recorded')
      .option('--reason <text>', 'why names must be seen in full'),
    explainFigure,
    [
      'arbdata explain A02@110105 --period 2026-10',
      'arbdata explain R02@ALL --scope ytd --period 2026-10 --json',
      'arbdata explain pre-application YSQ20261003000129262',
      'arbdata explain record 110000-100124',
    ],
  );
}

async function explainFigure(
  service: Service,
  options: ExplainOptions,
  [figure = '', id]: readonly string[],
): Promise<CommandResult> {
  const period = options.period === undefined ? undefined : readPeriod(options.period);
  if (figure === 'pre-application' && id !== undefined) return preApplicationResult(service, { id, period });
  if (figure === 'record' && id !== undefined) return recordResult(service, id);
  if (period === undefined || id !== undefined) {
    const forms = 'INDICATOR@BODY with --period, pre-application ID, or record ID';
    throw new ArbdataError('E_USAGE', `explain needs ${forms}`, {
      advice:
        'For example: arbdata explain A02@110105 --period 2026-10, arbdata explain pre-application YSQ20261003000129262, or arbdata explain record 110000-100124.',
    });
  }
  const request = {
    figure,
    scope: options.scope,
    period,
    runId: options.run,
    unmaskedReason: options.unmasked === true ? (options.reason ?? '') : undefined,
  };
  const found = await explain(service, request);
  const { manifest } = found;
  const published =
    manifest.state === 'published' ? `r${manifest.revision}` : `${manifest.state} of run ${manifest.runId}`;
  return {
    json: {
      indicator: found.indicatorId,
      name: found.indicatorName,
      unit: found.unit,
      definition: found.definition,
      org: found.orgCode,
      period: manifest.period,
      scope: options.scope,
      publication: published,
      snapshot: manifest.snapshotId,
      value: found.value === '' ? null : found.value,
      parts: found.parts,
    },
    lines: [
      `${found.indicatorId}@${found.orgCode} ${manifest.period} ${options.scope} (${published}): ${found.value === '' ? '—' : found.value} ${found.unit}`,
      `${found.indicatorName}：${found.definition}`,
      ...found.parts.map(
        ({ role, indicatorId, name, records, total }) =>
          `${role} ${indicatorId} ${name}: ${counted(records, 'record')}, sum ${total}`,
      ),
      '',
      'indicator  body  record  case number  adds  accepted  rejected  closed  deadline  status  applicants  respondents',
    ],
    stream: {
      key: 'records',
      rows: found.records(),
      line: (row) => Object.values(row).map(shown).join('  '),
    },
    close: found.close,
  };
}

const shown = (value: unknown): string => (value === '' || value === null ? '—' : String(value));

export function registerIndicators(program: Command, register: Register): void {
  register(
    program.command('indicators').description('every indicator with its definition'),
    async ({ definitions }) => {
      const { indicators } = definitions.indicators;
      return {
        json: { indicators },
        lines: tableLines(
          [
            { title: 'id', value: ({ id }: (typeof indicators)[number]) => id },
            { title: 'unit', value: ({ unit }) => unit },
            { title: 'name', value: ({ name }) => name },
            { title: 'definition', value: ({ definition }) => definition },
          ],
          indicators,
        ),
      };
    },
    ['arbdata indicators', 'arbdata indicators --json'],
  );
}

export function registerAudit(program: Command, register: Register): void {
  const audit = program
    .command('audit')
    .description('the append-only audit record')
    .addHelpText('after', examplesText(['arbdata audit verify']));
  register(
    audit.command('verify').description('recompute the chain of hashes'),
    async ({ ledger }) => {
      const verdict = await ledger.verifyAudit();
      if (!verdict.ok) {
        throw new ArbdataError(
          'E_AUDIT_BROKEN',
          `audit record ${verdict.firstBroken ?? '?'}: ${verdict.problem ?? 'altered'}`,
          {
            advice: 'Keep the ledger as evidence and restore it from a backup.',
          },
        );
      }
      return {
        json: { ...verdict },
        lines: [`${counted(verdict.records, 'audit record')}, the chain is whole`],
      };
    },
    ['arbdata audit verify'],
    { home: true },
  );
}

export function registerDoctor(program: Command, register: Register): void {
  register(
    program.command('doctor').description('is this home in order? settles what interrupted runs left behind'),
    async (service) => {
      const found = await doctor(service);
      const problems = found.filter(({ state }) => state === 'problem').length;
      return {
        json: { diagnoses: found },
        lines: found.flatMap(diagnosisLines),
        exit: problems > 0 ? EXIT.fault : EXIT.done,
      };
    },
    ['arbdata doctor', 'arbdata doctor --json'],
    { home: true },
  );
}

function diagnosisLines({ name, state, message, advice }: Diagnosis): string[] {
  const mark = { ok: 'ok       ', attention: 'attention', problem: 'PROBLEM  ' }[state];
  return [`${mark}  ${name}: ${message}`, ...(advice === '' ? [] : [`           ${advice}`])];
}
