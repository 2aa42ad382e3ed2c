/** The rules over a demo source, as the validation of a run applies them. */
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import { VIEWS } from '../../schemas/contract.ts';

export { breaches, validate } from '../validate/support.ts';

/** Show the source's tables under the names that a run gives to its snapshot. */
export async function asRaw(engine: Engine): Promise<void> {
  for (const { name } of VIEWS) {
    await engine.run(
      `CREATE VIEW raw_${name.toLowerCase()} AS SELECT *, rowid AS raw_row FROM ${name.toLowerCase()}`,
    );
  }
}
