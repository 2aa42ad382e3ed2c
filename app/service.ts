/** The service: one process with the scheduler, its alarm clock and the door of the console, until it is told to end. */
import path from 'node:path';
import { firstAdministrator } from '../pipelines/accounts.ts';
import { alertChannels } from '../pipelines/alerts.ts';
import { cronAlarm } from '../pipelines/runtime/cron.ts';
import { ArbdataError } from '../pipelines/runtime/errors.ts';
import { HEARTBEAT_MS } from '../pipelines/runtime/lock.ts';
import { Logger, openTerminal } from '../pipelines/runtime/log.ts';
import { TOOL_VERSION } from '../pipelines/runtime/project.ts';
import type { Service } from '../pipelines/runtime/service.ts';
import { alarmExpressions, Scheduler } from '../pipelines/scheduler.ts';
import { commandStarter } from './child.ts';
import { openConsole } from './console/console.ts';
import { doorOptions, openDoor } from './console/server.ts';

/** A look at least so often, whatever rings. */
const EVERY_MINUTE = '* * * * *';
const SHORTEST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 60_000;

export interface ServeOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** How the service ended. */
export interface ServeEnd {
  readonly url: string;
  readonly signal: string;
  /** Runs that go on without it; the next service settles them. */
  readonly handedOver: readonly string[];
}

/**
 * Be the service of a home until SIGTERM or SIGINT.
 * @throws {ArbdataError} E_SERVICE_RUNNING, E_CONFIG, E_DEFINITION
 */
export async function serve(service: Service, options: ServeOptions): Promise<ServeEnd> {
  const { ledger, log, home, config, actor } = service;
  const { host = config.service.host, port = config.service.port } = options;
  const door = doorOptions({ ...config.service, host, port }, home.config);
  const channels = alertChannels(service);
  if (log instanceof Logger) log.openFile(path.join(home.logs, 'service.log'));
  await ledger.service.begin({ actor, version: TOOL_VERSION });
  const stop = stopSignal(service);
  const scheduler = new Scheduler(service, {
    startCommand: commandStarter(home, { isShown: false }),
    parallelRuns: config.service.parallelRuns,
    channels,
    changed: (definitions) => alarm.set([EVERY_MINUTE, ...alarmExpressions(definitions)]),
  });
  const clockwork = windUp(service, scheduler);
  const alarm = cronAlarm(clockwork.wake);
  try {
    const console = await openConsole(service, { door });
    await announceFirstAccount(service);
    const opened = await openDoor(door, console.listener);
    try {
      await scheduler.look();
      log.info('service started', { url: opened.url, version: TOOL_VERSION, home: home.dir });
      clockwork.wake();
      const signal = await stop.wanted;
      log.info('service ends', { signal });
      alarm.stop();
      clockwork.stop();
      scheduler.stop();
      const handedOver = await waitForRuns(service, scheduler, stop.again);
      return { url: opened.url, signal, handedOver };
    } finally {
      await opened.close();
      await console.close();
    }
  } finally {
    alarm.stop();
    clockwork.stop();
    stop.release();
    await ledger.service.end();
    log.info('service ended');
    if (log instanceof Logger) log.closeFile();
  }
}

/** On the terminal alone, and once: the log keeps no password. */
async function announceFirstAccount(service: Service): Promise<void> {
  const first = await firstAdministrator(service);
  if (first === undefined) return;
  const { line } = openTerminal();
  line(`The first administrator: account ${first.name}, one-time password ${first.password}`);
  line(`  Shown once. Sign in within ${service.config.console.oneTimePasswordHours} hours and change it.`);
  line(`  Lost: arbdata account reset ${first.name}`);
}

/** Looks when the alarm rings, and by itself when a retry or a message is due. */
function windUp({ log, clock }: Service, scheduler: Scheduler): { wake(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    await scheduler.look();
    const nextMs = (await scheduler.nextLookMs()) ?? Infinity;
    const waitMs = Math.min(Math.max(nextMs - clock.now().getTime(), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(wake, waitMs);
  };
  const wake = (): void => {
    if (isStopped) return;
    look().catch((error: unknown) => {
      // A busy or full disk passes; the minute's alarm looks again.
      log.error('the schedule could not be looked at', {
        code: error instanceof ArbdataError ? error.code : 'E_INTERNAL',
        reason: error instanceof Error ? error.message : 'unknown',
      });
    });
  };
  return {
    wake,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** What runs may end, for a while and until a second signal; then it goes on alone. */
async function waitForRuns(
  { ledger, log, config }: Service,
  scheduler: Scheduler,
  again: Promise<unknown>,
): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, config.service.stopWaitSeconds * 1000);
  });
  await Promise.race([scheduler.quiet(), patience, again]);
  clearTimeout(timer);
  const running = await ledger.duties.list({ states: ['running'] });
  for (const { job, key, pid } of running) log.warn('goes on without the service', { job, key, pid });
  return running.map(({ job, key }) => `${job} ${key}`);
}

interface StopSignal {
  /** The first signal, or that another process has become the service. */
  readonly wanted: Promise<string>;
  /** The second one. */
  readonly again: Promise<void>;
  release(): void;
}

function stopSignal({ ledger, log }: Service): StopSignal {
  const wanted = Promise.withResolvers<string>();
  const again = Promise.withResolvers<void>();
  let seen = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    seen += 1;
    if (seen === 1) wanted.resolve(signal);
    else again.resolve();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const heartbeat = setInterval(() => {
    ledger.service
      .beat()
      .then((isOurs) => {
        if (isOurs) return;
        log.error('another process has become the service of this home');
        wanted.resolve('replaced');
      })
      // A beat that fails is made up by the next.
      .catch(() => undefined);
  }, HEARTBEAT_MS);
  return {
    wanted: wanted.promise,
    again: again.promise,
    release: () => {
      clearInterval(heartbeat);
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    },
  };
}
