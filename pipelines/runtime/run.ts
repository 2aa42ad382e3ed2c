/** One run: entered in the ledger, in a work folder of its own, step by step, ended whatever happens. */
import path from 'node:path';
import type { Engine } from './duckdb.ts';
import { ArbdataError } from './errors.ts';
import { ensureDir, removeTree } from './files.ts';
import type { Run } from './ledger.ts';
import { openEngine, type Service } from './service.ts';

export interface RunSpec {
  readonly pipeline: string;
  readonly period?: string | undefined;
  readonly parameters?: unknown;
  /** Products that no other run may make meanwhile. */
  readonly products?: readonly string[];
}

export interface RunContext extends Service {
  readonly run: Run;
  /** This run's own folder; gone when the run has ended. */
  readonly workDir: string;
  readonly engine: Engine;
  /** Carry out one step: shown as progress, entered in the ledger with its times and rows. */
  step<T>(name: string, work: () => Promise<T>, rowsOf?: (result: T) => number | undefined): Promise<T>;
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
    alsoLock: (spec.products ?? []).map((product) => `product:${product}`),
  });
  const workDir = path.join(service.home.work, run.id);
  try {
    for (const dead of run.interrupted) await removeTree(path.join(service.home.work, dead));
    await ensureDir(workDir);
    const engine = await openEngine(service, path.join(workDir, 'spill'));
    let result: T;
    try {
      result = await pipeline(context(service, run, workDir, engine));
    } finally {
      engine.close();
      await removeTree(workDir);
    }
    await run.finish(result.state, { summary: result.summary });
    return { ...result, runId: run.id };
  } catch (error) {
    await endFailed(service, run, error);
    throw error;
  }
}

function context(service: Service, run: Run, workDir: string, engine: Engine): RunContext {
  const step: RunContext['step'] = async (name, work, rowsOf) => {
    const entry = await run.startStep(name);
    const shown = service.progress.step(name, {
      unit: rowsOf === undefined ? undefined : 'rows',
      poll: () => engine.progress(),
    });
    try {
      const result = await work();
      const rows = rowsOf?.(result);
      shown.done(rows);
      await entry.finish({ rows });
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
  try {
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
