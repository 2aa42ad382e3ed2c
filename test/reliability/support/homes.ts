/** Homes to break: prepared once, copied for each case. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Engine, literal, withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { PROJECT_DIR } from '../../../pipelines/runtime/project.ts';
import { VIEWS } from '../../../schemas/contract.ts';
import { mustRun, runCli } from './cli.ts';

export const AS_OF = '2026-11-03';
export const PERIOD = '2026-10';

/** Few bodies: each costs a workbook, and the invariants do not depend on how many there are. */
const BODIES = ['110000', '110101', '110105'];

export interface SampleOptions {
  /** Folder under test/input/samples. */
  readonly sample: 'clean' | 'small';
  /** SQL over the tables arb_org … pre_application (all text) that makes the source another one. */
  readonly change?: string;
}

/** Write the CSV files of a few bodies of a sample. */
export async function writeSample(dir: string, { sample, change }: SampleOptions): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const spillDir = path.join(dir, '.spill');
  await withEngine({ spillDir, memoryLimitMb: 200, threads: 1 }, async (engine) => {
    const from = path.join(PROJECT_DIR, 'test/input/samples', sample);
    const bodies = BODIES.map(literal).join(', ');
    for (const { name, columns } of VIEWS) {
      const table = name.toLowerCase();
      const names = columns.map((column) => column.name);
      const where = names.includes('ORG_CODE')
        ? `ORG_CODE IN (${bodies})`
        : 'CASE_ID IN (SELECT CASE_ID FROM arb_case)';
      const file = literal(path.join(from, `${table}.csv`));
      await engine.run(
        `CREATE TABLE ${table} AS SELECT ${names.join(', ')} FROM read_csv(${file}, all_varchar = true, header = true)
         WHERE ${where}`,
      );
    }
    if (change !== undefined) await engine.run(change);
    await writeTables(engine, dir);
  });
}

async function writeTables(engine: Engine, dir: string): Promise<void> {
  for (const { name } of VIEWS) {
    const table = name.toLowerCase();
    await engine.run(`COPY ${table} TO ${literal(path.join(dir, `${table}.csv`))} (HEADER true)`);
  }
}

/** A home with everything that ever lay in another one, modes included. */
export function copyHome(from: string, to: string): string {
  execFileSync('cp', ['-a', from, to]);
  return to;
}

/** The homes that cases start from, and the CSV folders they import. */
export interface Templates {
  /** A source and nothing else: the first command makes the ledger. */
  readonly bare: string;
  /** Two months published as r1, then a corrected source: the next run publishes r2. */
  readonly published: string;
  /** A run that a check holds. */
  readonly held: { readonly home: string; readonly runId: string };
  /** CSV files of the first source and of the corrected one. */
  readonly firstCsv: string;
  readonly correctedCsv: string;
}

/** One claim was written down wrongly: another figure for A08, and nothing else. */
const CORRECTION = `UPDATE arb_case SET CLAIM_AMOUNT = '1234.56'
  WHERE CASE_ID = (SELECT min(CASE_ID) FROM arb_case WHERE ACCEPT_DATE LIKE '${PERIOD}-%')`;
/** A case that closed before it was accepted is excluded, which is more than K12 allows among so few. */
const EXCLUSION = `UPDATE arb_case SET CLOSE_DATE = '2000-01-01'
  WHERE CASE_ID = (SELECT min(CASE_ID) FROM arb_case WHERE ACCEPT_DATE IS NOT NULL AND DELETED = '0')`;

export const RUN = ['run', 'macro-monitoring', '--period', PERIOD];

/** Prepare the homes in a folder. */
export async function prepareTemplates(dir: string): Promise<Templates> {
  const csv = (name: string) => path.join(dir, name);
  await writeSample(csv('first'), { sample: 'clean' });
  await writeSample(csv('corrected'), { sample: 'clean', change: CORRECTION });
  await writeSample(csv('excluded'), { sample: 'clean', change: EXCLUSION });
  const importInto = async (home: string, files: string): Promise<string> => {
    await mustRun(home, ['source', 'import', files, '--as-of', AS_OF]);
    return home;
  };
  const published = await importInto(path.join(dir, 'home-published'), csv('first'));
  const bare = path.join(dir, 'home-bare');
  mkdirSync(path.join(bare, 'source'), { recursive: true, mode: 0o700 });
  execFileSync('cp', ['-a', path.join(published, 'source/source.duckdb'), path.join(bare, 'source')]);
  await mustRun(published, ['run', 'macro-monitoring', '--period', '2026-09']);
  await mustRun(published, RUN);
  await importInto(published, csv('corrected'));
  const heldHome = await importInto(path.join(dir, 'home-held'), csv('excluded'));
  return {
    bare,
    published,
    held: { home: heldHome, runId: await heldRun(heldHome) },
    firstCsv: csv('first'),
    correctedCsv: csv('corrected'),
  };
}

async function heldRun(home: string): Promise<string> {
  const { exit, stdout, stderr } = await runCli(home, [...RUN, '--json']);
  if (exit !== 3) throw new Error(`the run was to be held by K12, but ended with ${exit}:\n${stderr}`);
  return (JSON.parse(stdout) as { run: string }).run;
}

/** The compressed file system that a test may fill, or undefined where this machine does not permit to mount one. */
export function mountSmall(dir: string, size: string): boolean {
  if (!existsSync(dir)) mkdirSync(dir, { recursive: true, mode: 0o700 });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Change a mounted file system: `size=64m`, `ro`, `rw`. */
export function remount(dir: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, dir], { stdio: 'ignore' });
}

export function unmount(dir: string): void {
  execFileSync('umount', [dir], { stdio: 'ignore' });
  rmSync(dir, { recursive: true, force: true });
}
