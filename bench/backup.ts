/**
 * Making and verifying a backup beside `openssl dgst -sm3` and restic over the same bytes in the same run:
 *
 *     node bench/backup.ts [--mib 2048] [--files 8] [--rounds 3] [--dir DIR]
 *
 * With one file and with several; openssl reads each file once and computes one hash, a backup copies it, syncs it and
 * computes two. restic encrypts and deduplicates, which ours does not: its figures stand beside for orientation. Ends with
 * exit code 1 where making or verifying is slower than 0.85 of openssl. Needs Debian's `openssl` and `restic`.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { publishDir, removeTree } from '../pipelines/runtime/files.ts';
import { withHashPool } from '../pipelines/runtime/hashing.ts';
import { verifyBag } from '../pipelines/steps/backup/verify-bag.ts';
import { writeBag } from '../pipelines/steps/backup/write-bag.ts';
import {
  isKept,
  type Line,
  type Measure,
  measureTable,
  median,
  mustSucceed,
  node,
  type Ratio,
  ratioTable,
} from './measure.ts';
import { inBenchFolder } from './runs.ts';

const MIB = 2 ** 20;
const WARM_UPS = 2;
/** 1 / 0.85: time for the same bytes. */
const AT_MOST = 1.18;

/** One making or verifying, as a process of its own. */
async function carryOut(action: string, source: string, bag: string): Promise<void> {
  await withHashPool(async (pool) => {
    if (action === 'verify') {
      const faults = await verifyBag(bag, { depth: 'full', pool });
      if (faults.length > 0) throw new Error(faults[0]?.message);
      return;
    }
    const payload = readdirSync(source).map((name) => ({
      path: name,
      from: { file: path.join(source, name) },
    }));
    const spec = { id: 'B20261103-060000-0001', kind: 'dump', createdAt: '2026-11-03 06:00:00.000' } as const;
    mkdirSync(`${bag}.tmp`);
    await writeBag(`${bag}.tmp`, { ...spec, info: {}, recipients: [], payload }, pool);
    await publishDir(`${bag}.tmp`, bag);
  });
}

async function fill(dir: string, mib: number, files: number): Promise<void> {
  mkdirSync(dir);
  for (let index = 0; index < files; index += 1) {
    const out = createWriteStream(path.join(dir, `file-${index}.bin`));
    for (let left = Math.max(1, Math.round(mib / files)); left > 0; left -= 1) {
      if (!out.write(randomBytes(MIB))) await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
  }
}

async function times(rounds: number, run: (round: number) => Promise<Measure>): Promise<Measure> {
  const all: Measure[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await run(round));
  return median(all);
}

interface Shape {
  readonly mib: number;
  readonly files: number;
  readonly rounds: number;
}

async function bench(dir: string, { mib, files, rounds }: Shape): Promise<boolean> {
  const at = (name: string) => path.join(dir, `${name}-${files}`);
  const [source, bag, repository] = [at('source'), at('bag'), at('restic')];
  await fill(source, mib, files);
  const names = readdirSync(source).map((name) => path.join(source, name));
  const own = (action: string) =>
    mustSucceed(node('bench/backup.ts', '--only', action, '--source', source, '--bag', bag));
  const restic = (...args: string[]) =>
    mustSucceed(['restic', '--repo', repository, '--no-cache', ...args], { RESTIC_PASSWORD: 'bench' });
  const openssl = () => mustSucceed(['openssl', 'dgst', '-sm3', ...names]);
  const create = async () => {
    await removeTree(bag);
    return own('create');
  };
  // Everything is read and written before it counts, so that nobody pays for a cold cache, or for memory that a virtual
  // machine must first get back from its host.
  await openssl();
  for (let round = 0; round < WARM_UPS; round += 1) await create();
  const measured = {
    openssl: await times(rounds, openssl),
    create: await times(rounds, create),
    verify: await times(rounds, () => own('verify')),
    backup: await times(rounds, async () => {
      rmSync(repository, { recursive: true, force: true });
      await restic('init');
      return restic('backup', source);
    }),
    check: await times(rounds, () => restic('check', '--read-data')),
  };
  const line = (name: string, measure: Measure): Line => ({
    name: `${name}, ${Math.round(mib / (measure.wallMs / 1000))} MiB/s`,
    measure,
  });
  console.log(`\n${mib} MiB in ${files} ${files === 1 ? 'file' : 'files'}, ${rounds} rounds (medians):\n`);
  console.log(
    measureTable([
      line('openssl dgst -sm3', measured.openssl),
      line('a backup made: copied, synced, SHA-256 and SM3', measured.create),
      line('a full verification: SHA-256 and SM3', measured.verify),
      line('restic backup', measured.backup),
      line('restic check --read-data', measured.check),
    ]),
  );
  const ratio = (name: string, { wallMs }: Measure): Ratio => ({
    name: `${name} : openssl dgst -sm3, time`,
    of: wallMs,
    against: measured.openssl.wallMs,
    atMost: AT_MOST,
  });
  const ratios = [ratio('making', measured.create), ratio('verifying', measured.verify)];
  console.log(`\n${ratioTable(ratios)}`);
  for (const name of [source, bag, repository]) await removeTree(name);
  return ratios.every(isKept);
}

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '2048' },
    files: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string' },
    only: { type: 'string' },
    source: { type: 'string', default: '' },
    bag: { type: 'string', default: '' },
  },
});
if (values.only === undefined) {
  const shape = { mib: Number(values.mib), rounds: Number(values.rounds) };
  const isPassed = await inBenchFolder({ parent: values.dir }, async (dir) => {
    const single = await bench(dir, { ...shape, files: 1 });
    const several = await bench(dir, { ...shape, files: Number(values.files) });
    return single && several;
  });
  if (!isPassed) process.exitCode = 1;
} else {
  await carryOut(values.only, values.source, values.bag);
}
