/** Demo sources of any size in an engine of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Engine } from '../../pipelines/runtime/duckdb.ts';
import { createSourceTables, sourceTable } from '../../pipelines/runtime/embedded-schema.ts';
import { type DemoOptions, type DemoResult, fillDemo } from '../../pipelines/steps/demo/demo.ts';
import { VIEW_NAMES } from '../../schemas/contract.ts';

export const SMALL = { size: 'demo', seed: 1, until: '2026-10', scale: 0.1 } as const satisfies DemoOptions;

export interface OpenDemo extends DemoResult {
  readonly engine: Engine;
  /** Give the memory and the file back. */
  readonly close: () => Promise<void>;
}

/** Make a demo source in a temporary folder. */
export async function openDemo(options: DemoOptions & { readonly threads?: number }): Promise<OpenDemo> {
  const { threads = 2, ...demo } = options;
  const dir = await mkdtemp(path.join(tmpdir(), 'arbdata-demo-'));
  const remove = () => rm(dir, { recursive: true, force: true });
  const file = path.join(dir, 'source.duckdb');
  const engine = await Engine.open({ file, spillDir: path.join(dir, 'spill'), threads });
  const close = async () => {
    engine.close();
    await remove();
  };
  try {
    await createSourceTables(engine);
    return { ...(await fillDemo(engine, demo)), engine, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Make a demo source and use it; everything is gone afterwards. */
export async function withDemo<T>(
  options: DemoOptions & { readonly threads?: number },
  use: (engine: Engine, result: DemoResult) => Promise<T>,
): Promise<T> {
  const { engine, close, ...result } = await openDemo(options);
  try {
    return await use(engine, result);
  } finally {
    await close();
  }
}

/** One text per table that changes with any value and with the order of the rows. */
export async function tableHashes(engine: Engine): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const view of VIEW_NAMES) {
    const { hash } = await engine.one<{ hash: string }>(
      `SELECT sum(hash(rowid, t)::HUGEINT)::VARCHAR AS hash FROM ${sourceTable(view)} t`,
    );
    hashes[view] = hash;
  }
  return hashes;
}

/** The only number of a query. */
export async function count(engine: Engine, sql: string): Promise<number> {
  return Number((await engine.one<{ n: string }>(`SELECT count(*) AS n ${sql}`)).n);
}
