/** How many sources the property tests draw, and from which seed. */
import type { Parameters } from 'fast-check';

const asked = process.env['ARBDATA_CASES'];
const seed = process.env['ARBDATA_SEED'];

/** The same sources on every run, so that a build fails for a change only; another number draws others. */
const CI_SEED = 20_261_103;
const MOST_MS_PER_CASE = 5000;
const SHRINKING_MS = 300_000;

/**
 * Parameters of a property that draws `usual` sources. `ARBDATA_CASES=3000` scales all properties, so that the largest
 * draws so many; then the seed is new for each run (fast-check prints it), or `ARBDATA_SEED`.
 */
export function drawn<T>(usual: number): { readonly parameters: Parameters<T>; readonly timeout: number } {
  const numRuns = asked === undefined ? usual : Math.ceil((usual * Number(asked)) / LARGEST);
  const fixed = seed !== undefined ? Number(seed) : asked === undefined ? CI_SEED : undefined;
  return {
    parameters: { numRuns, ...(fixed === undefined ? {} : { seed: fixed }) },
    timeout: numRuns * MOST_MS_PER_CASE + SHRINKING_MS,
  };
}

/** What the property with the most sources draws. */
export const LARGEST = 40;
