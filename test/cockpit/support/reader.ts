/**
 * A reader in a thread of its own: reads whole versions again and again while others are published, the way the
 * documentation tells readers to, and tells every mix that it sees.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import { readVersion } from '../../../pipelines/steps/publish/cockpit-versions.ts';
import { COCKPIT_TABLES } from '../../../schemas/cockpit.ts';
import { mixProblems } from './versions.ts';

export type ReaderTask =
  | { readonly kind: 'files'; readonly dir: string }
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgresql'; readonly connection: pg.ClientConfig };

export interface ReaderReport {
  readonly reads: number;
  readonly versions: number;
  readonly problems: string[];
}

type Tables = Map<string, readonly Readonly<Record<string, unknown>>[]>;
interface Read {
  readonly version: number;
  readonly tables: Tables;
}

const TABLES = Object.keys(COCKPIT_TABLES);
const pause = (): Promise<void> => delay(Math.random() * 4);

async function open(task: ReaderTask): Promise<{ read(): Promise<Read>; close(): Promise<void> }> {
  if (task.kind === 'files') return { read: () => readFiles(task.dir), close: async () => undefined };
  if (task.kind === 'sqlite') {
    const database = new DatabaseSync(task.file, { readOnly: true, timeout: 10_000 });
    const all = async (sql: string) => database.prepare(sql).all() as Record<string, unknown>[];
    return { read: () => readTables(all), close: async () => database.close() };
  }
  const client = new pg.Client(task.connection);
  await client.connect();
  const all = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows;
  return { read: () => readTables(all), close: () => client.end() };
}

async function readFiles(dir: string): Promise<Read> {
  const found = await readVersion(dir);
  if (found === undefined) throw new Error('there is no version');
  const tables: Tables = new Map();
  for (const { version, tables: own } of found.panels.values()) {
    if (version !== found.index.version) throw new Error(`a panel of ${version} in ${found.index.version}`);
    for (const [name, rows] of Object.entries(own)) tables.set(name, rows);
  }
  return { version: found.index.version, tables };
}

/** The pointer first, then each table by that version, each with a statement of its own and time in between. */
async function readTables(all: (sql: string) => Promise<Record<string, unknown>[]>): Promise<Read> {
  const [current] = await all('SELECT VERSION AS "v" FROM CKPT_CURRENT WHERE ID = 1');
  const version = Number(current?.['v']);
  const tables: Tables = new Map();
  for (const name of TABLES) {
    const rows = await all(
      `SELECT * FROM CKPT_${name.toUpperCase()} WHERE VERSION = ${version} ORDER BY ORG_CODE`,
    );
    tables.set(
      name,
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [column.toLowerCase(), value])),
      ),
    );
    if (Math.random() < 0.2) await pause();
  }
  return { version, tables };
}

const reader = await open(workerData as ReaderTask);
let isOver = false;
parentPort?.once('message', () => {
  isOver = true;
});
const report = { reads: 0, seen: new Set<number>(), problems: [] as string[] };
parentPort?.postMessage('ready');
while (!isOver) {
  try {
    const { version, tables } = await reader.read();
    report.reads += 1;
    report.seen.add(version);
    report.problems.push(...mixProblems(version, tables));
  } catch (error) {
    report.problems.push(error instanceof Error ? error.message : String(error));
  }
  await pause();
}
await reader.close();
parentPort?.postMessage({
  reads: report.reads,
  versions: report.seen.size,
  problems: report.problems.slice(0, 5),
} satisfies ReaderReport);
parentPort?.close();
