/** Homes to break: prepared once, copied for each case. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Engine, literal, withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { PROJECT_DIR } from '../../../pipelines/runtime/project.ts';
import { VIEWS } from '../../../schemas/contract.ts';
import { callJson, mustRun } from './cli.ts';

export const AS_OF = '2026-11-03';
export const PERIOD = '2026-10';

/** Few bodies: each costs a workbook, and the invariants do not depend on how many there are. */
const BODIES = ['110000', '110101', '110105'];

const SAMPLE = path.join(PROJECT_DIR, 'test/input/samples/clean');

/**
 * Write the CSV files of a few bodies of the clean sample.
 * @param change SQL over the tables arb_org … pre_application (all text) that makes the source another one
 */
async function writeSample(dir: string, change: string | undefined): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await withEngine({ spillDir: path.join(dir, '.spill'), memoryLimitMb: 200, threads: 1 }, async (engine) => {
    const bodies = BODIES.map(literal).join(', ');
    for (const { name, columns } of VIEWS) {
      const table = name.toLowerCase();
      const names = columns.map((column) => column.name);
      const where = names.includes('ORG_CODE')
        ? `ORG_CODE IN (${bodies})`
        : 'CASE_ID IN (SELECT CASE_ID FROM arb_case)';
      const file = literal(path.join(SAMPLE, `${table}.csv`));
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
  /** CSV files of another source than theirs. */
  readonly correctedCsv: string;
}

/** What each kind of source has to itself. */
const CHANGES = {
  first: undefined,
  /** One claim was written down wrongly: another figure for A08, and nothing else. */
  corrected: `UPDATE arb_case SET CLAIM_AMOUNT = '1234.56'
    WHERE CASE_ID = (SELECT min(CASE_ID) FROM arb_case WHERE ACCEPT_DATE LIKE '${PERIOD}-%')`,
  /** A case that closed before it was accepted is excluded, which is more than K12 allows among so few. */
  excluded: `UPDATE arb_case SET CLOSE_DATE = '2000-01-01'
    WHERE CASE_ID = (SELECT min(CASE_ID) FROM arb_case WHERE ACCEPT_DATE IS NOT NULL AND DELETED = '0')`,
} as const;
export type CsvKind = keyof typeof CHANGES;

export const RUN = ['run', 'macro-monitoring', '--period', PERIOD];

/** The CSV files of a kind of source, written once in a folder. */
export async function csvFiles(dir: string, kind: CsvKind): Promise<string> {
  const files = path.join(dir, `csv-${kind}`);
  if (!existsSync(files)) await writeSample(files, CHANGES[kind]);
  return files;
}

/** A home whose source was imported, with nothing run yet. */
export async function importedHome(dir: string, name: string, kind: CsvKind = 'first'): Promise<string> {
  const home = path.join(dir, name);
  await mustRun(home, ['source', 'import', await csvFiles(dir, kind), '--as-of', AS_OF]);
  return home;
}

/** A home with a source and nothing else: the first command makes the ledger. */
export async function bareHome(dir: string, name: string): Promise<string> {
  const imported = await importedHome(dir, `${name}-imported`);
  const home = path.join(dir, name);
  mkdirSync(path.join(home, 'source'), { recursive: true, mode: 0o700 });
  renameSync(path.join(imported, 'source/source.duckdb'), path.join(home, 'source/source.duckdb'));
  return home;
}

/** A home with a run that K12 holds. */
export async function heldHome(dir: string, name: string): Promise<{ home: string; runId: string }> {
  const home = await importedHome(dir, name, 'excluded');
  const { exit, json, stderr } = await callJson<{ run: string }>(home, RUN);
  if (exit !== 3) throw new Error(`the run was to be held by K12, but ended with ${exit}:\n${stderr}`);
  return { home, runId: json.run };
}

/** Prepare the homes in a folder. */
export async function prepareTemplates(dir: string): Promise<Templates> {
  const published = await importedHome(dir, 'home-published');
  await mustRun(published, ['run', 'macro-monitoring', '--period', '2026-09']);
  await mustRun(published, RUN);
  const correctedCsv = await csvFiles(dir, 'corrected');
  await mustRun(published, ['source', 'import', correctedCsv, '--as-of', AS_OF]);
  return {
    bare: await bareHome(dir, 'home-bare'),
    published,
    held: await heldHome(dir, 'home-held'),
    correctedCsv,
  };
}

/** Mount a small disk of its own on a folder; false where this machine does not permit it. */
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
