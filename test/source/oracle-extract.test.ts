/** `ARBDATA_SOURCE=oracle` gives the same macro-monitoring files as the embedded source, whichever way it is read. */
import { readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { runMacroMonitoring } from '../../pipelines/macro-monitoring.ts';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { literal } from '../../pipelines/runtime/duckdb.ts';
import { removeTree, writeFileAtomic } from '../../pipelines/runtime/files.ts';
import { silentLog } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { withService } from '../../pipelines/runtime/service.ts';
import { readManifest } from '../../pipelines/steps/snapshot/manifest-file.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { GoldenHome, INPUT_DIR } from '../golden/support.ts';
import { sha256 } from '../reliability/support/invariants.ts';
import { errorOf } from '../runtime/support/home.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import { environmentOf, leftovers, openTestHome } from './support/oracle.ts';

const PERIOD = '2026-10';
const AS_OF = '2026-11-03';
/** Files whose bytes follow from the snapshot's rows and the definitions alone. */
const DETERMINISTIC = /\.(csv|json|parquet)$/;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-oracle-'));
});
afterAll(() => removeTree(dir));
afterEach(() => {
  vi.unstubAllEnvs();
});

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => DETERMINISTIC.test(name) && !name.endsWith('manifest.json'),
  );
  return Object.fromEntries(names.sort().map((name) => [name, sha256(path.join(folder, name))]));
}

/** A run of the month in a home that knows the database only. */
async function runOracle(name: string, environment: Record<string, string>, oracle: object) {
  const homeDir = path.join(dir, name);
  const home = openTestHome(homeDir);
  await writeFileAtomic(home.config, JSON.stringify({ source: { oracle } }));
  for (const [key, value] of Object.entries({ ARBDATA_SOURCE: 'oracle', ...environment }))
    vi.stubEnv(key, value);
  const effects = {
    clock: fixedClock('2026-11-09T09:00:00+08:00'),
    log: silentLog,
    progress: silentProgress,
  };
  const end = await withService(
    homeDir,
    { ...effects, actor: 'tester', command: 'arbdata (test)' },
    (service) => runMacroMonitoring(service, { period: parsePeriod(PERIOD), asOf: AS_OF }),
  );
  const manifest = await readManifest(home, end.prepared.manifest.id);
  return { home, end, manifest };
}

describe.each(['small', 'clean'])('the sample %s', (sample) => {
  let embedded: GoldenHome;
  let expected: Record<string, string>;
  let findings: unknown;
  let server: OracleWire;
  let portal: OracleWire;

  const findingsOf = (file: string) =>
    embedded.query(`SELECT * EXCLUDE (fingerprint) FROM read_parquet(${literal(file)}) ORDER BY ALL`);

  beforeAll(async () => {
    embedded = await GoldenHome.of(path.join(INPUT_DIR, 'samples', sample));
    const end = await embedded.run(PERIOD, AS_OF);
    expected = filesOf(end.outcome.dir);
    findings = await findingsOf(end.prepared.findingsFile);
    const source = path.join(embedded.dir, 'source/source.duckdb');
    server = await startOracleWire({ source });
    portal = await startOracleWire({ source, views: ['PRE_APPLICATION'], serviceName: 'PORTAL' });
  });
  afterAll(async () => {
    await server?.close();
    await portal?.close();
    await embedded?.remove();
  });

  const portalEnvironment = () => ({
    ...environmentOf(server),
    ORACLE_PRE_APPLICATION_CONNECT_STRING: portal.connectString,
    ORACLE_PRE_APPLICATION_USER: 'ARBPLAIN',
    ORACLE_PRE_APPLICATION_PASSWORD: portal.password('ARBPLAIN'),
  });

  const ways: [
    name: string,
    environment: () => Record<string, string>,
    config: object,
    identity: RegExp,
    read: string,
  ][] = [
    ['one session as of an SCN', () => environmentOf(server), { sessions: 1 }, /^scn:\d+$/, 'as of SCN'],
    [
      'three sessions and small pieces',
      () => environmentOf(server),
      { sessions: 3, chunkRows: 40, fetchRows: 7 },
      /^scn:\d+$/,
      'as of SCN',
    ],
    [
      'an account without FLASHBACK',
      () => environmentOf(server, 'ARBPLAIN'),
      {},
      /^read-only:2026-11-09 09:00:00$/,
      'read-only transaction',
    ],
    [
      'a read-only transaction by choice',
      () => environmentOf(server),
      { consistentRead: 'read-only' },
      /^read-only:/,
      'read-only transaction',
    ],
    [
      'pre-applications from a second database',
      () => ({
        ...environmentOf(server),
        ORACLE_PRE_APPLICATION_CONNECT_STRING: portal.connectString,
      }),
      { sessions: 2, chunkRows: 100 },
      /^scn:\d+(\+scn:\d+)?$/,
      'as of SCN',
    ],
    [
      'a second database without FLASHBACK',
      portalEnvironment,
      {},
      /^scn:\d+\+read-only:/,
      'as of SCN, read-only transaction',
    ],
  ];

  // The second sample differs in its data, not in how it is read.
  test.each(ways.filter((_, index) => sample === 'small' || index < 3))(
    '%s',
    async (name, environment, config, identity, read) => {
      const { home, end, manifest } = await runOracle(`${sample} ${name}`, environment(), config);
      expect(filesOf(end.outcome.dir)).toEqual(expected);
      expect(Object.keys(expected).length).toBeGreaterThan(3);
      expect(await findingsOf(end.prepared.findingsFile)).toEqual(findings);
      expect(manifest.source).toMatchObject({ kind: 'oracle', details: { read } });
      expect(manifest.source.identity).toMatch(identity);
      const text = JSON.stringify(manifest);
      for (const secret of [server.password('ARBDATA'), server.password('ARBPLAIN')]) {
        expect(text).not.toContain(secret);
      }
      expect(leftovers(home)).toEqual([]);
    },
  );

  test('an account that must read as of an SCN and may not is refused with what to grant', async () => {
    const error = await errorOf(() =>
      runOracle(`${sample} refused`, environmentOf(server, 'ARBPLAIN'), { consistentRead: 'scn' }),
    );
    expect(error).toMatchObject({ code: 'E_SOURCE_ACCESS', exit: 4 });
    expect(error.advice).toContain('FLASHBACK');
  });
});
