/** What every command works with: the home, its configuration and definitions, the ledger, and the effects. */
import path from 'node:path';
import type { Config } from '../../schemas/config.ts';
import { type Clock, shanghaiStamp } from './clock.ts';
import { readConfig } from './config.ts';
import { type Definitions, loadDefinitions } from './definitions.ts';
import { Engine, type EngineOptions } from './duckdb.ts';
import { type Home, openHome } from './home.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { DutyToken } from './ledger-duties.ts';
import { ownedMark } from './lock.ts';
import type { Log } from './log.ts';
import type { Progress } from './progress.ts';

/** The outside world, passed in so that tests need no patching. */
export interface Effects {
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: Progress;
  /** The operating system's user; never an argument of a command. */
  readonly actor: string;
  /** The command as it was typed. */
  readonly command: string;
  /** The duty of a schedule that this command was started for. */
  readonly duty?: DutyToken | undefined;
}

export interface Service extends Effects {
  readonly home: Home;
  readonly config: Config;
  readonly definitions: Definitions;
  readonly ledger: Ledger;
}

/** Open the service on a home, use it, close it whatever happens. */
export async function withService<T>(
  homeDir: string | undefined,
  effects: Effects,
  use: (service: Service) => Promise<T>,
): Promise<T> {
  const home = openHome(homeDir);
  const config = readConfig(home);
  const definitions = loadDefinitions(home.definitions);
  const ledger = await openLedger(home, effects.clock);
  try {
    return await use({ ...effects, home, config, definitions, ledger });
  } finally {
    await ledger.close();
  }
}

/** An in-memory engine under the configuration's limits, spilling into a folder of its own under work/. */
export async function openEngine(
  service: Pick<Service, 'home' | 'config'>,
  spillDir?: string,
): Promise<Engine> {
  return Engine.open({
    spillDir: spillDir ?? path.join(service.home.work, `query-${ownedMark()}`),
    ...engineLimits(service),
  });
}

/** The configuration's limits of an engine. */
export function engineLimits({
  config: { memoryLimitMb, threads },
}: Pick<Service, 'config'>): Pick<EngineOptions, 'memoryLimitMb' | 'threads'> {
  return { memoryLimitMb, ...(threads === undefined ? {} : { threads }) };
}

/** The present time with its offset, as manifests and workbooks show it: `2026-11-03T09:30:00+08:00`. */
export function timestamp(clock: Clock): string {
  return `${shanghaiStamp(clock).replace(' ', 'T')}+08:00`;
}
