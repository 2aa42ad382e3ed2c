/**
 * What holds of a home whatever happened to the processes that worked in it. Written against docs/data-design.md and
 * not with the program's own means of verification: it reads files, manifests and the ledger by itself.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { literal, withEngine } from '../../../pipelines/runtime/duckdb.ts';

interface ManifestText {
  readonly files?: readonly { path: string; sha256: string; sizeBytes: number }[];
  readonly views?: readonly { file: string; sha256: string; sizeBytes: number }[];
}

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** What must hold at every moment, even while half a run lies about: names that are final are whole. */
export async function restProblems(home: string): Promise<string[]> {
  const problems: string[] = [];
  for (const dir of finalFolders(home)) problems.push(...folderProblems(dir));
  problems.push(...(await parquetProblems(home)));
  return problems;
}

export interface Expected {
  /** Revisions of each period that there must be: `{ '2026-10': 2 }`. */
  readonly revisions: Readonly<Record<string, number>>;
  /** SHA-256 of artefacts of the publication in force of a period, by their names. */
  readonly artefacts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What must hold once a command has come to its end. */
export async function settledProblems(home: string, expected: Expected): Promise<string[]> {
  return [
    ...(await restProblems(home)),
    ...strayFiles(home),
    ...writableFolders(home),
    ...ledgerProblems(home, expected),
  ];
}

/** Every folder under a final name: snapshots, drafts, publications. */
function finalFolders(home: string): string[] {
  const below = (dir: string): string[] =>
    existsSync(dir)
      ? readdirSync(dir, { withFileTypes: true })
          .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
          .map((entry) => path.join(dir, entry.name))
      : [];
  const placed = (root: string) => below(path.join(home, root)).flatMap(below).flatMap(below);
  return [...below(path.join(home, 'snapshots')), ...placed('published'), ...placed('out')];
}

/** A folder holds exactly the files of its manifest, byte for byte. */
function folderProblems(dir: string): string[] {
  const manifestFile = path.join(dir, 'manifest.json');
  if (!existsSync(manifestFile)) return [`${dir} has no manifest`];
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as ManifestText;
  const listed = new Map<string, { sha256: string; sizeBytes: number }>([
    ...(manifest.files ?? []).map((entry) => [entry.path, entry] as const),
    ...(manifest.views ?? []).map((entry) => [entry.file, entry] as const),
  ]);
  const present = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
  const unlisted = present.filter((name) => name !== 'manifest.json' && !listed.has(name));
  const wrong = [...listed].flatMap(([name, entry]) => {
    const file = path.join(dir, ...name.split('/'));
    if (!existsSync(file)) return [`${file} is missing`];
    if (statSync(file).size !== entry.sizeBytes || sha256(file) !== entry.sha256)
      return [`${file} is not what its manifest says`];
    return [];
  });
  return [...unlisted.map((name) => `${dir}/${name} is not in its manifest`), ...wrong];
}

/** Files that are written on their own: every one under a final name can be read to its end. */
async function parquetProblems(home: string): Promise<string[]> {
  const dir = path.join(home, 'findings');
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((name) => !name.startsWith('.'));
  const problems = files
    .filter((name) => !name.endsWith('.parquet'))
    .map((name) => `findings/${name} is no findings file`);
  const readable = files.filter((name) => name.endsWith('.parquet'));
  if (readable.length === 0) return problems;
  const spillDir = path.join(path.dirname(home), `.spill-${process.pid}-${path.basename(home)}`);
  await withEngine({ spillDir, memoryLimitMb: 200, threads: 1 }, async (engine) => {
    for (const name of readable) {
      const file = literal(path.join(dir, name));
      await engine
        .rows(`SELECT count(*), max(message) FROM read_parquet(${file})`)
        .catch((error: unknown) => {
          problems.push(`findings/${name} cannot be read: ${error instanceof Error ? error.message : ''}`);
        });
    }
  });
  return problems;
}

const FINAL_NAMES = new Set(['ledger.sqlite', 'audit-head.json', 'secret.key', 'config.json']);

/** Nothing unfinished lies anywhere: no temporary name, no leftover of SQLite, an empty work folder. */
export function strayFiles(home: string): string[] {
  const hidden = readdirSync(home, { recursive: true, withFileTypes: true })
    .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
    .filter((name) => name.split(path.sep).some((part) => part.startsWith('.')) || /\.(tmp|wal)$/.test(name));
  const onTop = readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !FINAL_NAMES.has(entry.name))
    .map((entry) => entry.name);
  const work = existsSync(path.join(home, 'work')) ? readdirSync(path.join(home, 'work')) : [];
  return [
    ...new Set(
      [...hidden, ...onTop, ...work.map((name) => `work/${name}`)].map((name) => `${name} is stray`),
    ),
  ];
}

/** What stands under a final name is closed to writing. */
function writableFolders(home: string): string[] {
  return finalFolders(home).flatMap((dir) => {
    const all = [
      dir,
      ...readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) =>
        path.join(entry.parentPath, entry.name),
      ),
    ];
    return all.filter((file) => (statSync(file).mode & 0o222) !== 0).map((file) => `${file} can be written`);
  });
}

interface PublicationRow {
  readonly product: string;
  readonly period: string;
  readonly revision: number;
  readonly state: string;
  readonly manifest_sha256: string | null;
}

/** The ledger tells of the publications that are on disk, of no living run, and of no lock. */
function ledgerProblems(home: string, expected: Expected): string[] {
  const database = new DatabaseSync(path.join(home, 'ledger.sqlite'), { readOnly: true });
  try {
    const all = <T>(sql: string) => database.prepare(sql).all() as unknown as T[];
    const check = all<{ integrity_check: string }>('PRAGMA integrity_check').map(
      (row) => row.integrity_check,
    );
    const locks = all<{ name: string; run_id: string }>('SELECT name, run_id FROM lock');
    const running = all<{ id: string }>("SELECT id FROM run WHERE state = 'running'");
    const rows = all<PublicationRow>('SELECT * FROM publication ORDER BY period, revision');
    const published = all<{ subject: string; n: number }>(
      "SELECT subject, count(*) AS n FROM audit WHERE action = 'publication.publish' GROUP BY subject",
    );
    return [
      ...check.filter((text) => text !== 'ok').map((text) => `ledger: ${text}`),
      ...locks.map(({ name, run_id }) => `the lock ${name} of ${run_id} is left`),
      ...running.map(({ id }) => `run ${id} is left running`),
      ...publicationProblems(
        home,
        rows.filter(({ product }) => product === 'macro-monitoring'),
        expected,
      ),
      ...otherProductProblems(
        home,
        rows.filter(({ product }) => product !== 'macro-monitoring'),
      ),
      ...auditedProblems(rows, published),
      ...auditChainProblems(
        all<AuditRow>('SELECT * FROM audit ORDER BY seq'),
        path.join(home, 'audit-head.json'),
      ),
    ];
  } finally {
    database.close();
  }
}

function publicationProblems(
  home: string,
  rows: readonly PublicationRow[],
  { revisions, artefacts = {} }: Expected,
): string[] {
  const problems: string[] = [];
  const root = path.join(home, 'published/macro-monitoring');
  const onDisk = existsSync(root)
    ? readdirSync(root).flatMap((period) =>
        readdirSync(path.join(root, period)).map((revision) => `${period}/${revision}`),
      )
    : [];
  const inLedger = rows.map(({ period, revision }) => `${period.replace('-', '')}/r${revision}`);
  const wanted = Object.entries(revisions).flatMap(([period, count]) =>
    Array.from({ length: count }, (_, index) => `${period.replace('-', '')}/r${index + 1}`),
  );
  const same = (found: string[]) => found.toSorted().join(' ') === wanted.toSorted().join(' ');
  if (!same(onDisk)) problems.push(`on disk are ${onDisk.join(' ')} instead of ${wanted.join(' ')}`);
  if (!same(inLedger))
    problems.push(`in the ledger are ${inLedger.join(' ')} instead of ${wanted.join(' ')}`);
  for (const { period, revision, state, manifest_sha256 } of rows) {
    const name = `${period} r${revision}`;
    const inForce = revision === revisions[period];
    if (state !== (inForce ? 'published' : 'superseded')) problems.push(`${name} is ${state}`);
    const dir = path.join(root, period.replace('-', ''), `r${revision}`);
    if (!existsSync(path.join(dir, 'manifest.json'))) continue;
    if (sha256(path.join(dir, 'manifest.json')) !== manifest_sha256) {
      problems.push(`${name}: the ledger states another manifest`);
    }
    if (!inForce) continue;
    for (const [file, hash] of Object.entries(artefacts[period] ?? {})) {
      if (sha256(path.join(dir, file)) !== hash) problems.push(`${name}: ${file} has other bytes`);
    }
  }
  return problems;
}

/** Products whose revisions no case states: what is on disk is what the ledger tells, with the same manifest. */
function otherProductProblems(home: string, rows: readonly PublicationRow[]): string[] {
  const root = path.join(home, 'published');
  const manifests = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => path.basename(name) === 'manifest.json' && !name.startsWith('macro-monitoring'),
  );
  const onDisk = manifests.map((name) => `${path.dirname(name)} ${sha256(path.join(root, name))}`);
  const inLedger = rows.map(
    ({ product, period, revision, manifest_sha256 }) =>
      `${path.join(product, period.replace('-', ''), `r${revision}`)} ${manifest_sha256}`,
  );
  const same = onDisk.toSorted().join('\n') === inLedger.toSorted().join('\n');
  return same ? [] : [`other products on disk are ${onDisk.join(', ')} instead of ${inLedger.join(', ')}`];
}

/** Each publication was recorded once. */
function auditedProblems(
  rows: readonly PublicationRow[],
  published: readonly { subject: string; n: number }[],
): string[] {
  const counts = new Map(published.map(({ subject, n }) => [subject, Number(n)]));
  const names = rows.map(({ product, period, revision }) => `${product}/${period}/r${revision}`);
  const unknown = [...counts.keys()].filter((name) => !names.includes(name));
  return [
    ...names.filter((name) => counts.get(name) !== 1).map((name) => `${name} was not recorded once`),
    ...unknown.map((name) => `${name} was recorded and is not in the ledger`),
  ];
}

interface AuditRow {
  readonly seq: number;
  readonly hash: string;
  readonly previous_hash: string;
}

function auditChainProblems(rows: readonly AuditRow[], headFile: string): string[] {
  const problems: string[] = [];
  let previous = '0'.repeat(64);
  for (const [index, row] of rows.entries()) {
    if (row.seq !== index + 1 || row.previous_hash !== previous)
      problems.push(`audit record ${row.seq} is loose`);
    previous = row.hash;
  }
  const head = JSON.parse(readFileSync(headFile, 'utf8')) as { seq: number; hash: string };
  if (head.seq !== rows.length || head.hash !== previous)
    problems.push('the audit head is not the last record');
  return problems;
}
