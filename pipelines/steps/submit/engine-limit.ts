/** How much memory the engine may have for a batch, so that the process keeps to 800 MiB at a city's size. */
import type { Engine, MemoryShare } from '../../runtime/duckdb.ts';

/** For the first batch, which has every case: tables that do not fit lie on the engine's disk. */
export const FIRST_BATCH_MEMORY: MemoryShare = { share: 1 / 3, leastMb: 300 };
/** Of the limit in force, while slices of the tables are written: what that takes beside it is the greater part. */
const SLICES_SHARE = 2 / 3;

/** Limit the engine further while slices are written; then it has what it had. */
export async function withSliceLimit<T>(engine: Engine, write: () => Promise<T>): Promise<T> {
  const before = engine.memoryLimitMb;
  await engine.limitMemory(Math.round(before * SLICES_SHARE));
  try {
    return await write();
  } finally {
    await engine.limitMemory(before);
  }
}
