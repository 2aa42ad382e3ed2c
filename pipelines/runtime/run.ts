/** One run: entered in the ledger, in a work folder of its own, step by step, ended whatever happens. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { StepName } from '../../schemas/steps.ts';
import type { Engine } from './duckdb.ts';
import { ArbdataError } from './errors.ts';
import { ensureDir, removeTree } from './files.ts';
import { findingsFile } from './home.ts';
import type { Run } from './ledger.ts';
import { Logger } from './log.ts';
import { openEngine, type Service } from './service.ts';

export interface RunSpec {
  readonly pipeline: string;
  readonly period?: string | undefined;
  readonly parameters?: unknown;
  /** Products that no other run may make meanwhile. */
  readonly products?: readonly string[];
}

/** So many more units of the running step are done. */
export type Advance = (count: number) => void;

export interface StepOptions<T> {
  /** What is counted, in the plural; absent: nothing is counted. */
  readonly unit?: string;
  /** How many there will be, where that is known: a terminal then shows the time left. */
  readonly total?: number | undefined;
  /** The count for the ledger and the closing line, where the result tells it. */
  count?(result: T): number;
}

export interface RunContext extends Service {
  readonly run: Run;
  /** This run's own folder; gone when the run has ended. */
  readonly workDir: string;
  readonly engine: Engine;
  /** Carry out one step: shown as progress, entered in the ledger with its times and rows. */
  step<T>(name: StepName, work: (advance: Advance) => Promise<T>, options?: StepOptions<T>): Promise<T>;
}

/** How a run ends when its pipeline returns. */
export interface RunEnd {
  readonly state: 'done' | 'held';
  /** JSON without personal data; shown by `arbdata runs show`. */
  readonly summary: unknown;
}

/**
 * Run a pipeline. An error ends the run as failed and is thrown on; a killed process leaves a run that the next one
 * marks interrupted and whose work folder it removes.
 */
export async function withRun<T extends RunEnd>(
  service: Service,
  spec: RunSpec,
  pipeline: (context: RunContext) => Promise<T>,
): Promise<T & { readonly runId: string }> {
  const run = await service.ledger.beginRun({
    pipeline: spec.pipeline,
    period: spec.period,
    parameters: spec.parameters,
    actor: service.actor,
    command: service.command,
    duty: service.duty,
    alsoLock: (spec.products ?? []).map((product) => `product:${product}`),
  });
  const workDir = path.join(service.home.work, run.id);
  try {
    openLog(service, run.id);
    service.log.info('run started', {
      run: run.id,
      pipeline: spec.pipeline,
      period: spec.period,
      by: service.actor,
    });
    for (const dead of run.interrupted) await removeTree(path.join(service.home.work, dead));
    ensureDir(workDir);
    const engine = await openEngine(service, path.join(workDir, 'spill'));
    let result: T;
    try {
      result = await pipeline(context(service, run, workDir, engine));
    } finally {
      engine.close();
      await removeTree(workDir);
    }
    await run.finish(result.state, { summary: result.summary });
    service.log.info('run ended', { run: run.id, state: result.state });
    return { ...result, runId: run.id };
  } catch (error) {
    await endFailed(service, run, error);
    throw error;
  } finally {
    if (service.log instanceof Logger) service.log.closeFile();
  }
}

/** The log of one run: `logs/<run id>.log`. */
function openLog({ log, home }: Service, runId: string): void {
  if (log instanceof Logger) log.openFile(path.join(home.logs, `${runId}.log`));
}

function context(service: Service, run: Run, workDir: string, engine: Engine): RunContext {
  const step: RunContext['step'] = async (name, work, options = {}) => {
    const { unit, total } = options;
    const entry = await run.startStep(name);
    const shown = service.progress.step(name, { unit, total });
    try {
      const result = await work((count) => shown.advance(count));
      const count = options.count?.(result);
      shown.done(count);
      await entry.finish({ rows: count });
      return result;
    } catch (error) {
      shown.fail();
      throw error;
    }
  };
  return { ...service, run, workDir, engine, step };
}

/** Enter the failure; that the ledger itself cannot be written must not hide the first error. */
async function endFailed(service: Service, run: Run, error: unknown): Promise<void> {
  const known = error instanceof ArbdataError ? error : undefined;
  service.log.error('run failed', { run: run.id, code: known?.code ?? 'E_INTERNAL' });
  try {
    // What was published keeps its findings, even when the run's own end could not be entered.
    const publications = await service.ledger.publications();
    if (!publications.some(({ runId }) => runId === run.id)) {
      await rm(findingsFile(service.home, run.id), { force: true });
    }
    await run.finish('failed', {
      error: { code: known?.code ?? 'E_INTERNAL', message: known?.message ?? 'a defect of the service' },
    });
  } catch (second) {
    run.stopHeartbeat();
    service.log.warn('the failure could not be entered in the ledger', {
      run: run.id,
      reason: second instanceof Error ? second.message : 'unknown',
    });
  }
}
