/** A home with a schedule of the test's own, a ledger on a clock that the test moves, and a scheduler on both. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Clock, type FixedClock, fixedClock } from '../../../pipelines/runtime/clock.ts';
import { readConfig } from '../../../pipelines/runtime/config.ts';
import { loadDefinitions } from '../../../pipelines/runtime/definitions.ts';
import type { Home } from '../../../pipelines/runtime/home.ts';
import { openLedger } from '../../../pipelines/runtime/ledger.ts';
import { silentLog } from '../../../pipelines/runtime/log.ts';
import { silentProgress } from '../../../pipelines/runtime/progress.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';

/** A job as a person writes it into schedules.json; what is left out has its default. */
export interface WrittenJob {
  readonly id: string;
  readonly title?: string;
  readonly pipeline: string;
  readonly when: string | { readonly workingDay: number; readonly at: string };
  readonly period: string;
  readonly missed: string;
  readonly [key: string]: unknown;
}

/** For the tests of this file: homes in memory where there is such a folder, for each transaction waits for a disk. */
export function homesInMemory(): void {
  const own = process.env.TMPDIR;
  beforeAll(() => {
    if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';
  });
  afterAll(() => {
    if (own === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = own;
  });
}

/** Write the home's own schedules.json. */
export function writeSchedules(
  { definitions }: Pick<Home, 'definitions'>,
  jobs: readonly WrittenJob[],
): void {
  const schedules = jobs.map((job) => ({ title: job.id, ...job }));
  writeFileSync(
    path.join(definitions, 'schedules.json'),
    JSON.stringify({ recordedAt: '2026-11-23', schedules }),
  );
}

/** The service on a home, at an instant of the test's own. */
export async function serviceAt(
  home: Home,
  instant: string,
): Promise<Service & { readonly clock: FixedClock }> {
  return serviceOn(home, fixedClock(instant));
}

export async function serviceOn<C extends Clock>(
  home: Home,
  clock: C,
): Promise<Service & { readonly clock: C }> {
  return {
    home,
    config: readConfig(home),
    definitions: loadDefinitions(home.definitions),
    ledger: await openLedger(home, clock),
    clock,
    log: silentLog,
    progress: silentProgress,
    actor: 'tester',
    command: 'test',
  };
}
