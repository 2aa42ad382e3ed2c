/** serve, schedule: the service, what it will do and did, and a job by hand. */
import type { Command } from 'commander';
import { ArbdataError, ERROR_KINDS, type ErrorCode, EXIT } from '../../pipelines/runtime/errors.ts';
import type { Duty } from '../../pipelines/runtime/ledger-duties.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import {
  type GridCell,
  type GridRow,
  grid,
  type JobStanding,
  runByHand,
  scheduleList,
} from '../../pipelines/schedule.ts';
import { commandStarter } from '../child.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { serve } from '../service.ts';
import { tableLines } from '../table.ts';

export function registerServe(program: Command, register: Register): void {
  register<{ host?: string; port?: string }>(
    program
      .command('serve')
      .description('be the service: run what falls due, tell what a person has to know, answer on one port')
      .option('--host <address>', 'absent: service.host of config.json, else 127.0.0.1')
      .option('--port <n>', 'absent: service.port of config.json, else 8700; 0: any that is free'),
    async (service, { host, port }) => {
      const end = await serve(service, { host, port: readPort(port) });
      return { json: { ...end }, lines: [`The service at ${end.url} has ended (${end.signal}).`] };
    },
    ['arbdata serve', 'arbdata serve --port 9000'],
  );
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ArbdataError('E_USAGE', `--port: ${JSON.stringify(text)} is no port`, {
    advice: 'Give a number from 0 to 65535.',
  });
}

const MOST_MONTHS = 60;

export function registerSchedule(program: Command, register: Register): void {
  const schedule = program
    .command('schedule')
    .description('what the service runs, and when')
    .addHelpText(
      'after',
      examplesText(['arbdata schedule list', 'arbdata schedule run monthly --period 2026-10']),
    );
  register(
    schedule
      .command('list')
      .description('every job: next times (Asia/Shanghai), the last result, what is late'),
    async (service) => listResult(service, await scheduleList(service)),
    ['arbdata schedule list'],
  );
  register<{ period?: string; rehearsal?: boolean }>(
    schedule
      .command('run <job>')
      .description('run a job now, the way the service does, and wait for its end')
      .option(
        '--period <period>',
        'the month (2026-10) or day (2026-11-22) that it is about; absent: the latest one',
      )
      .option('--rehearsal', 'on the data of today, with a draft for a result'),
    async (service, { period, rehearsal }, [job = '']) => {
      const start = commandStarter(service.home, { isShown: true });
      return runResult(await runByHand(service, { job, period, isRehearsal: rehearsal === true }, start));
    },
    ['arbdata schedule run monthly', 'arbdata schedule run monthly --period 2026-10'],
  );
  register<{ months: string }>(
    schedule
      .command('grid')
      .description('month by product: ran, held, failed, late, not due')
      .option('--months <n>', `how many, 1 to ${MOST_MONTHS}`, '12'),
    async (service, { months }) => gridResult(await grid(service, readMonths(months))),
    ['arbdata schedule grid', 'arbdata schedule grid --months 24 --json'],
  );
}

function readMonths(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_MONTHS) return Number(text);
  throw new ArbdataError('E_USAGE', `--months: ${JSON.stringify(text)} is not 1 to ${MOST_MONTHS}`, {
    advice: 'Give how many months, for example --months 12.',
  });
}

async function listResult({ ledger }: Service, standings: readonly JobStanding[]): Promise<CommandResult> {
  const running = await ledger.service.living();
  const alerts = await ledger.alerts.standing();
  const service =
    running === undefined
      ? null
      : { pid: running.pid, startedAt: running.startedAt, version: running.version };
  return {
    json: {
      service,
      jobs: standings.map(({ job, last, open, ...rest }) => ({
        ...job,
        ...rest,
        last: last === undefined ? null : dutyJson(last),
        open: open.map(dutyJson),
      })),
      alerts: alerts.map(({ kind, subject, message, raisedAt }) => ({ kind, subject, message, raisedAt })),
    },
    lines: [
      service === null
        ? 'No service is running: start it with `arbdata serve`.'
        : `The service runs since ${service.startedAt.slice(0, 19)} (process ${service.pid}).`,
      '',
      ...tableLines(
        [
          { title: 'job', value: ({ job }: JobStanding) => job.id },
          { title: 'state', value: ({ state, open }) => open.at(0)?.state ?? state },
          { title: 'next (Asia/Shanghai)', value: ({ next }) => nextText(next[0]) },
          { title: 'last', value: ({ last }) => (last === undefined ? '' : `${last.key} ${last.state}`) },
          { title: 'ended', value: ({ last }) => last?.finishedAt?.slice(0, 16) ?? '' },
          {
            title: 'late',
            value: ({ late }) => late.map(({ product, period }) => `${product} ${period}`).join(', '),
          },
          { title: 'title', value: ({ job }) => job.title },
        ],
        standings,
      ),
      ...alerts.map(({ kind, message, raisedAt }) => `\n${kind} since ${raisedAt.slice(0, 16)}: ${message}`),
    ],
  };
}

function nextText(next: JobStanding['next'][number] | undefined): string {
  if (next === undefined) return '';
  const kind = next.kind === 'rehearsal' ? ' rehearsal' : '';
  return `${next.at.slice(0, 16)}${kind}${next.isProvisional ? ' (provisional)' : ''}`;
}

function dutyJson({ kind, key, period, state, plannedAt, startedAt, finishedAt, ...rest }: Duty) {
  const { attempts, notBefore, reason, runId, requestedBy, exit } = rest;
  return {
    kind,
    key,
    period,
    state,
    plannedAt,
    startedAt,
    finishedAt,
    attempts,
    notBefore,
    reason,
    run: runId,
    requestedBy,
    exit,
  };
}

function runResult(duty: Duty): CommandResult {
  const { job, key, state, runId, reason } = duty;
  const more = [reason, runId === null ? undefined : `run ${runId}`].filter(
    (one) => one !== undefined && one !== null,
  );
  return {
    json: { job, ...dutyJson(duty) },
    lines: [
      `${job} ${key}: ${state}${more.length === 0 ? '' : ` (${more.join('; ')})`}`,
      ...(runId === null ? [] : [`Next: npx arbdata runs show ${runId}`]),
    ],
    exit: exitOf(duty),
  };
}

function exitOf({ state, error, exit }: Duty): number {
  switch (state) {
    case 'done':
    case 'skipped':
    case 'missed':
      return EXIT.done;
    case 'held':
      return EXIT.held;
    case 'due':
    case 'running':
      return EXIT.busy;
    case 'failed': {
      const { code } = JSON.parse(error ?? '{}') as { code?: ErrorCode };
      return code === undefined ? (exit ?? EXIT.fault) : ERROR_KINDS[code].exit;
    }
    default:
      return state satisfies never;
  }
}

const CELL_TEXT = {
  ran: 'ran',
  held: 'HELD',
  failed: 'FAILED',
  running: 'running',
  late: 'LATE',
  'not due': 'not due',
  none: '–',
} as const satisfies Record<GridCell['state'], string>;

/** Months as lines: a year fits on a screen however many products there are. */
function gridResult(rows: readonly GridRow[]): CommandResult {
  const periods = rows[0]?.cells.map(({ period }) => period) ?? [];
  const cellText = (cell: GridCell | undefined): string => {
    if (cell === undefined) return '';
    const isMarked = cell.isLate && cell.state !== 'late';
    return `${CELL_TEXT[cell.state]}${isMarked ? ' (late)' : ''}`;
  };
  return {
    json: { rows },
    lines: tableLines(
      [
        { title: 'month', value: (index: number) => periods[index] ?? '' },
        ...rows.map(({ name, cells }) => ({ title: name, value: (index: number) => cellText(cells[index]) })),
      ],
      periods.map((_, index) => index),
    ),
  };
}
