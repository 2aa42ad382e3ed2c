/** run cockpit-refresh, cockpit show, cockpit records: refresh the cockpit, and check what it shows. */
import { type Command, Option } from 'commander';
import {
  cockpitRecords,
  PANEL_NAMES,
  type PanelName,
  type ShownCockpit,
  showCockpit,
} from '../../pipelines/cockpit.ts';
import { runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import { readDate, readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { visible } from '../../pipelines/runtime/visible.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';

export function registerCockpitRefresh(run: Command, register: Register): void {
  register<{ asOf?: string; snapshot?: string }>(
    run
      .command('cockpit-refresh')
      .description('every panel of the cockpit (驾驶室), from one snapshot, as one version')
      .option(
        '--as-of <date>',
        'date of the new snapshot (YYYY-MM-DD); absent: the date of the source, or today',
      )
      .option('--snapshot <id>', 'use this snapshot instead of taking one'),
    refresh,
    ['arbdata run cockpit-refresh', 'arbdata run cockpit-refresh --snapshot 20261103-090000-1a2b'],
  );
}

export function registerCockpit(program: Command, register: Register): void {
  const cockpit = program
    .command('cockpit')
    .description('the cockpit (驾驶室): its figures, and the records behind them')
    .addHelpText('after', examplesText(['arbdata cockpit show', 'arbdata cockpit records B02']));
  register<{ panel?: PanelName; org?: string }>(
    cockpit
      .command('show')
      .description('the version in force, as text or JSON')
      .addOption(new Option('--panel <name>', 'only this panel').choices(PANEL_NAMES))
      .option('--org <code>', 'only the rows of this body'),
    async (service, { panel, org }) => shownResult(await showCockpit(service, { panel, org })),
    ['arbdata cockpit show --panel key-figures', 'arbdata cockpit show --org 110105 --json'],
  );
  register<{ month?: string; org?: string }>(
    cockpit
      .command('records <figure>')
      .description(
        'the records behind a figure, names masked: an indicator, `overdue`, a class of pre-applications, a rule',
      )
      .option('--month <month>', '2026-10; absent: the last complete month, or the as-of day')
      .option('--org <code>', 'only those of this body'),
    records,
    ['arbdata cockpit records overdue --org 110105', 'arbdata cockpit records R02 --month 2026-10'],
  );
}

async function refresh(
  service: Service,
  options: { asOf?: string; snapshot?: string },
): Promise<CommandResult> {
  const asOf = options.asOf === undefined ? undefined : readDate(options.asOf, '--as-of');
  const { runId, index, dir, target } = await runCockpitRefresh(service, {
    asOf,
    snapshotId: options.snapshot,
  });
  const { version, snapshotId, dataTime, lateAfter, months, panels } = index;
  return {
    json: {
      run: runId,
      version,
      snapshot: snapshotId,
      asOf: index.asOf,
      dataTime,
      lateAfter,
      months,
      dir,
      target: target ?? null,
      panels: panels.map(({ panel, rows, sha256 }) => ({ panel, rows, sha256 })),
    },
    lines: [
      '',
      `cockpit version ${version}: ${panels.length} panels, as of ${index.asOf}`,
      `run ${runId}, snapshot ${snapshotId}`,
      `in ${dir}`,
      ...(target === undefined ? [] : [`and in the tables CKPT_* of ${target}`]),
      '',
      'Next:',
      '  npx arbdata cockpit show --panel key-figures',
    ],
  };
}

function shownResult({ index, freshness, panels }: ShownCockpit): CommandResult {
  const { version, asOf, dataTime, refreshedAt, lateAfter, snapshotId } = index;
  const { ageHours, isLate, lastError } = freshness;
  return {
    json: { index, freshness: { ...freshness, lastError: lastError ?? null }, panels },
    lines: [
      `cockpit version ${version}, as of ${asOf}, refreshed ${refreshedAt} from snapshot ${snapshotId}`,
      `data of ${dataTime}, ${ageHours} hours old; ${isLate ? `LATE since ${lateAfter}` : `late after ${lateAfter}`}`,
      ...(lastError === undefined
        ? []
        : [`THE LATEST REFRESH FAILED (${lastError.runId}): ${lastError.code}: ${lastError.message}`]),
      ...panels.flatMap(({ panel, title, notes, tables }) => [
        '',
        `${panel} ${title}`,
        ...notes.map((note) => `  ${note}`),
        ...Object.entries(tables).flatMap(([name, rows]) => ['', `  ${name}`, ...rowLines(rows)]),
      ]),
    ],
  };
}

type ShownRow = Readonly<Record<string, string | number | null>>;

function rowLines(rows: readonly ShownRow[]): string[] {
  const [first] = rows;
  if (first === undefined) return ['  (none)'];
  const columns = Object.keys(first).map((title) => ({
    title,
    ...(typeof first[title] === 'number' ? { align: 'right' as const } : {}),
    value: (row: ShownRow) => (row[title] === null ? '—' : visible(String(row[title]))),
  }));
  return tableLines(columns, rows).map((line) => `  ${line}`);
}

async function records(
  service: Service,
  options: { month?: string; org?: string },
  [figure = '']: readonly string[],
): Promise<CommandResult> {
  const month = options.month === undefined ? undefined : readPeriod(options.month).text;
  const found = await cockpitRecords(service, { figure, month, org: options.org });
  const { index, figures } = found;
  return {
    json: { version: index.version, asOf: index.asOf, figure, figures, month: found.month },
    lines: [`${figure} ${found.month} (cockpit version ${index.version}, as of ${index.asOf})`],
    stream: {
      key: 'records',
      rows: found.records,
      line: (row) =>
        Object.values(row)
          .map((value) => (value === null ? '—' : String(value)))
          .join('  '),
    },
    close: () => void found.records.return(undefined),
  };
}
