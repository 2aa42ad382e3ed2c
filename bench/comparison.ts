/**
 * The comparison of pre-applications at a city's size and at multiples of it, from the source to all files:
 *
 *     node bench/comparison.ts [--times 1,10] [--keep DIR]
 *
 * The peer of a multiple is the city itself, in the same run: time may grow no faster than the data. Sources beyond a city
 * are a share of the invented nation.
 */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readDemoDefinitions } from '../pipelines/steps/demo/definitions.ts';
import { demoAsOf, fillDemo } from '../pipelines/steps/demo/demo.ts';
import type { DemoOptions } from '../pipelines/steps/demo/plan.ts';
import { createEmbeddedSource } from '../pipelines/steps/source/embedded.ts';
import {
  isKept,
  type Line,
  type Measure,
  measureTable,
  mustSucceed,
  node,
  type Ratio,
  ratioTable,
} from './measure.ts';
import { inBenchFolder } from './runs.ts';

const PERIOD = '2026-10';
const LIMIT_SECONDS = 20;
const LIMIT_MIB = 1024;

function optionsOf(times: number): DemoOptions {
  const common = { seed: 1, until: PERIOD };
  if (times === 1) return { ...common, size: 'city' };
  const { city, nation } = readDemoDefinitions().demo.sizes;
  return { ...common, size: 'nation', scale: (times * city.cases) / nation.cases };
}

async function compare(dir: string, times: number): Promise<Measure> {
  const home = path.join(dir, `home-${times}`);
  const source = path.join(home, 'source/source.duckdb');
  const options = optionsOf(times);
  if (!existsSync(source)) {
    const asOf = demoAsOf(options);
    const meta = {
      kind: 'demo',
      made_by: 'bench',
      as_of: asOf,
      until: PERIOD,
      seed: '1',
      size: options.size,
    };
    await createEmbeddedSource(source, async (engine) => void (await fillDemo(engine, options)), meta);
  }
  return mustSucceed(
    node('app/main.js', 'run', 'pre-application-comparison', '--period', PERIOD, '--home', home, '--json'),
  );
}

async function bench(dir: string, multiples: readonly number[]): Promise<boolean> {
  const lines: Line[] = [];
  const ratios: Ratio[] = [];
  let city: Measure | undefined;
  for (const times of multiples) {
    const found = await compare(dir, times);
    const { city: sizes } = readDemoDefinitions().demo.sizes;
    const rows = times * (sizes.cases + sizes.preApplications);
    lines.push({ name: times === 1 ? 'city' : `${times} times the city`, measure: found, rows });
    if (times === 1) {
      city = found;
      ratios.push(
        { name: 'city, seconds / 20', of: found.wallMs / 1000, against: LIMIT_SECONDS, atMost: 1 },
        {
          name: 'city, peak RSS, MiB / 1024',
          of: found.peakRssBytes / 2 ** 20,
          against: LIMIT_MIB,
          atMost: 1,
        },
      );
    } else if (city !== undefined) {
      const busyMs = (one: Measure): number => one.userMs + one.systemMs;
      const name = `${times} times the data`;
      ratios.push(
        {
          name: `${name}: wall / (${times} × city)`,
          of: found.wallMs,
          against: times * city.wallMs,
          atMost: 1,
        },
        {
          name: `${name}: CPU / (${times} × city)`,
          of: busyMs(found),
          against: times * busyMs(city),
          atMost: 1,
        },
      );
    }
  }
  process.stdout.write(
    `${os.cpus().length} cores; rows are cases and pre-applications\n\n${measureTable(lines)}\n\n${ratioTable(ratios)}\n`,
  );
  return ratios.every(isKept);
}

const { values } = parseArgs({
  options: { times: { type: 'string', default: '1,10' }, keep: { type: 'string' } },
});
const multiples = values.times.split(',').map(Number);
if (!(await inBenchFolder(values, (dir) => bench(dir, multiples)))) process.exitCode = 1;
