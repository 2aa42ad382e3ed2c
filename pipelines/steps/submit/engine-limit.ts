/** How much memory the engine may have for a batch, so that the process keeps to 800 MiB at a city's size. */
import type { Engine } from '../../runtime/duckdb.ts';

/**
 * Shares of the configured limit, and the least that they are. The records are written slice by slice from tables that
 * lie on disk where they do not fit; what that takes beside the engine's own limit is the greater part.
 */
const LIMITS = {
  tables: { share: 1 / 3, leastMb: 300 },
  slices: { share: 2 / 9, leastMb: 200 },
} as const;

/**
 * Limit the engine, while whole tables are worked on or slices of them written: the rest goes to its disk.
 * @param configuredMb the limit of the configuration
 */
export async function limitEngine(
  engine: Engine,
  configuredMb: number,
  during: keyof typeof LIMITS,
): Promise<void> {
  const { share, leastMb } = LIMITS[during];
  const limitMb = Math.min(configuredMb, Math.max(leastMb, Math.round(configuredMb * share)));
  await engine.run(`SET memory_limit = '${limitMb}MB'`);
}

/** Limit the engine while slices are written; then it has what it had. */
export async function withSliceLimit<T>(
  engine: Engine,
  configuredMb: number,
  write: () => Promise<T>,
): Promise<T> {
  const { before } = await engine.one<{ before: string }>(`SELECT current_setting('memory_limit') AS before`);
  await limitEngine(engine, configuredMb, 'slices');
  try {
    return await write();
  } finally {
    await engine.run(`SET memory_limit = '${before}'`);
  }
}
