/** What a read does about a lost session, a moment that expires, a killed process, and fewer rows than were counted. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { removeTree, writeFileAtomic } from '../../pipelines/runtime/files.ts';
import type { Home } from '../../pipelines/runtime/home.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import { runCli, startCli } from '../reliability/support/cli.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import {
  contentOf,
  environmentOf,
  freezeOracle,
  leftovers,
  openTestHome,
  rememberingLog,
  sampleSource,
  snapshotsIn,
  tryFreeze,
} from './support/oracle.ts';

const SMALL_PIECES = {
  chunkRows: 60,
  fetchRows: 20,
  sessions: 2,
  stallTimeoutSeconds: 1,
  statementTimeoutSeconds: 2,
};
const PATIENT = { stallTimeoutSeconds: 30, statementTimeoutSeconds: 30 };
/** The statements that count, cut and read a view's rows; the others only ask whether they may. */
const ABOUT_PARTIES = /"BIRTH_DATE".*from "ARB_PARTY"/is;
/** The statement that reads the rows of a piece of a view. */
const ROWS_OF_CASES = /to_char.*"ARB_CASE".*"CASE_ID" *>=/is;

let dir: string;
let source: string;
let server: OracleWire;
let home: Home;
let expected: string;
let number = 0;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-oracle-resume-'));
  source = await sampleSource(dir, 'small');
  const undisturbed = await startOracleWire({ source });
  const other = openTestHome(path.join(dir, 'undisturbed'));
  try {
    const environment = environmentOf(undisturbed);
    expected = await contentOf(other, await freezeOracle({ home: other, environment }));
  } finally {
    await undisturbed.close();
  }
});
afterAll(() => removeTree(dir));
beforeEach(async () => {
  server = await startOracleWire({ source });
  home = openTestHome(path.join(dir, `home-${++number}`));
});
afterEach(() => server.close());

/** One read of the home, with what it logged. */
async function read(config: object = SMALL_PIECES, user = 'ARBDATA') {
  const { log, lines } = rememberingLog();
  const result = await tryFreeze({ home, environment: environmentOf(server, user), config, log });
  return { result, lines };
}
/** The state of what a read keeps while it goes on; empty before it has begun. */
function keptState({ work }: Home): string {
  const folder = readdirSync(work).find((name) => name.endsWith('.kept'));
  const file = path.join(work, folder ?? '', 'read.json');
  return folder !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
}
/** Whether a view's first piece is finished. */
function hasPieces(of: Home, view: string): boolean {
  const state = keptState(of);
  if (state === '') return false;
  const { views } = JSON.parse(state) as { views: Record<string, { pieces: unknown[] } | undefined> };
  return (views[view]?.pieces.length ?? 0) > 0;
}

/** Wait for something that another process brings about. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}
const isError = (result: Manifest | ArbdataError): result is ArbdataError => result instanceof Error;
const complete = async (result: Manifest | ArbdataError): Promise<void> => {
  if (isError(result)) throw result;
  expect(await contentOf(home, result)).toBe(expected);
  expect(leftovers(home)).toEqual([]);
};

describe('a lost session', () => {
  test.each([
    ['a dropped connection', { kind: 'drop', afterRows: 25 }],
    ['a connection that ends within a packet', { kind: 'drop', afterRows: 25, midPacket: true }],
    ['ORA-03113', { kind: 'error', error: 3113, afterRows: 25 }],
    ['ORA-00028', { kind: 'error', error: 28 }],
    ['silence', { kind: 'stall', afterRows: 25 }],
  ] as const)('%s: the piece is read again, the moment stays', async (_, fault) => {
    server.faults.add({ ...fault, when: { statement: ROWS_OF_CASES } });
    const { result, lines } = await read();
    await complete(result);
    expect(server.faults.fired).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('warn: a session was lost'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('reading the database'))).toHaveLength(1);
  });

  test.each([
    ['the profile of the account allows no further session', { kind: 'login', error: 2391 }],
    ['the listener refuses every further one', { kind: 'refuse' }],
  ] as const)('%s: the first does the work', async (_, fault) => {
    server.faults.add({ ...fault, when: { skip: 1, times: 'always' } });
    // The first is busy until the further one was refused five times.
    server.faults.add({ kind: 'stall', ms: 4000, when: { statement: ABOUT_PARTIES } });
    const { result, lines } = await read({ ...SMALL_PIECES, ...PATIENT });
    await complete(result);
    expect(lines.filter((line) => line.includes('takes no further session'))).toHaveLength(1);
    expect(new Set(server.statements.map(({ session }) => session)).size).toBe(1);
  });

  test('further ones are refused and the first is lost: a clear error', async () => {
    server.faults.add({ kind: 'login', error: 2391, when: { skip: 1, times: 'always' } });
    server.faults.add({ kind: 'drop', afterRows: 25, when: { statement: ROWS_OF_CASES } });
    const { result } = await read();
    expect(result).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
    expect(snapshotsIn(home)).toEqual([]);
  });

  test('again and again: a clear error, and the next run goes on with what was finished', async () => {
    server.faults.add({ kind: 'drop', afterRows: 5, when: { statement: ABOUT_PARTIES, times: 'always' } });
    const first = await read();
    expect(first.result).toMatchObject({ code: 'E_SOURCE_UNREACHABLE', exit: 4, retryable: true });
    expect(snapshotsIn(home)).toEqual([]);
    expect(leftovers(home)).toEqual([expect.stringMatching(/^oracle-read\.free-/)]);
    server.faults.clear();
    const sent = server.statements.length;
    const second = await read();
    await complete(second.result);
    expect(second.lines.some((line) => line.includes('resuming the read of an earlier run'))).toBe(true);
    const texts = server.statements.slice(sent).map((statement) => JSON.stringify(statement));
    expect(texts.filter((text) => text.includes('ARB_ORG') && text.includes('CASE_WORD'))).toEqual([]);
  });

  test('in a read-only transaction everything is read anew', async () => {
    server.faults.add({ kind: 'drop', afterRows: 5, when: { statement: '"ARB_PARTY"', skip: 1 } });
    const { result, lines } = await read(SMALL_PIECES, 'ARBPLAIN');
    await complete(result);
    expect(lines.filter((line) => line.includes('reading the database'))).toHaveLength(2);
  });
});

test('a killed process: the next command goes on with its pieces, at its moment', async () => {
  await writeFileAtomic(
    home.config,
    JSON.stringify({ source: { kind: 'oracle', oracle: { ...SMALL_PIECES, statementTimeoutSeconds: 60 } } }),
  );
  const env = environmentOf(server);
  const command = ['run', 'monthly', '--period', '2026-10', '--as-of', '2026-11-03', '--json'];
  server.faults.add({ kind: 'stall', when: { statement: ABOUT_PARTIES } });
  const killed = startCli(home.dir, command, { env });
  await until(() => server.faults.fired.length > 0);
  // Whether the bodies' file stands already depends on the machine's cores; their piece does.
  await until(() => hasPieces(home, 'ARB_ORG'));
  killed.child.kill('SIGKILL');
  expect((await killed.ended).signal).toBe('SIGKILL');
  const remains = readdirSync(home.work).filter((name) => name.endsWith('.kept'));
  expect(remains).toHaveLength(1);
  server.faults.clear();
  const sent = server.statements.length;
  const again = await runCli(home.dir, command, { env });
  expect([0, 3], again.stderr).toContain(again.exit);
  const asked = server.statements.slice(sent).map(({ sql }) => sql);
  // The moment is not asked for again, and neither are the bodies, which were finished.
  expect(asked.filter((sql) => /get_system_change_number/i.test(sql))).toEqual([]);
  expect(asked.filter((sql) => /"CASE_WORD"/.test(sql))).toEqual([]);
  expect(asked.length).toBeGreaterThan(0);
  const [id = ''] = snapshotsIn(home);
  expect(await contentOf(home, { id })).toBe(expected);
  expect(leftovers(home)).toEqual([]);
});

describe('a moment that expires', () => {
  test.each([1555, 1466, 8181])('ORA-%i: one fresh start', async (error) => {
    server.faults.add({ kind: 'error', error, afterRows: 10, when: { statement: ROWS_OF_CASES } });
    const { result, lines } = await read();
    await complete(result);
    expect(lines.filter((line) => line.startsWith('warn: reading starts anew'))).toHaveLength(1);
  });

  test('twice: a clear error, no snapshot, nothing kept', async () => {
    server.faults.add({ kind: 'error', error: 1555, when: { statement: ROWS_OF_CASES, times: 'always' } });
    const { result, lines } = await read();
    expect(result).toMatchObject({ code: 'E_SOURCE_EXPIRED', exit: 4, retryable: true });
    expect((result as ArbdataError).message).toContain('ORA-01555');
    expect(lines.filter((line) => line.startsWith('warn: reading starts anew'))).toHaveLength(1);
    expect([snapshotsIn(home), leftovers(home)]).toEqual([[], []]);
  });

  test('between two runs: the second says so and starts anew', async () => {
    server.faults.add({ kind: 'drop', when: { statement: ABOUT_PARTIES, times: 'always' } });
    expect((await read()).result).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
    server.faults.clear();
    await server.run('UPDATE "ARB"."ARB_ORG" SET ORG_NAME = ORG_NAME');
    server.expireScnsBefore(server.currentScn());
    const { result, lines } = await read();
    await complete(result);
    expect(lines.some((line) => line.includes('is no longer readable; reading starts anew'))).toBe(true);
  });
});

describe('a change while it is read', () => {
  test.each([
    ['as of an SCN', 'ARBDATA'],
    ['in a read-only transaction', 'ARBPLAIN'],
  ])('%s is not seen', async (_, user) => {
    server.faults.add({ kind: 'stall', ms: 500, afterRows: 5, when: { statement: '"ARB_CASE"', skip: 1 } });
    const reading = read({ ...SMALL_PIECES, stallTimeoutSeconds: 30 }, user);
    await until(() => server.faults.fired.length > 0);
    await server.run('DELETE FROM "ARB"."PRE_APPLICATION"');
    await complete((await reading).result);
  });
});

test('fewer rows than were counted are an error, and nothing of them is kept', async () => {
  server.faults.add({ kind: 'short', missing: 1, when: { statement: ROWS_OF_CASES } });
  const { result } = await read();
  expect(result).toMatchObject({ code: 'E_SOURCE_INCOMPLETE', exit: 4 });
  expect((result as ArbdataError).message).toContain('ARB_CASE');
  expect([snapshotsIn(home), leftovers(home)]).toEqual([[], []]);
  await complete((await read()).result);
});

describe('what trying again cannot mend is not tried again', () => {
  test.each([
    [1017, 'E_SOURCE_ACCESS'],
    [28000, 'E_SOURCE_ACCESS'],
    [28001, 'E_SOURCE_ACCESS'],
  ])('ORA-%i at the logon', async (error, code) => {
    server.faults.add({ kind: 'login', error, when: { times: 'always' } });
    const { result, lines } = await read();
    expect(result).toMatchObject({ code, retryable: false });
    expect(server.faults.fired).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
    expect((result as ArbdataError).message).toContain(`ORA-${String(error).padStart(5, '0')}`);
  });
});
