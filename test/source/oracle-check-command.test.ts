/** `arbdata source check` and `arbdata doctor` on a database: severities, statements, the mapping of the home. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { silentLog } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { withRun } from '../../pipelines/runtime/run.ts';
import { withService } from '../../pipelines/runtime/service.ts';
import { checkSource, FREEZE_STEP } from '../../pipelines/source.ts';
import { createEmbeddedSource } from '../../pipelines/steps/source/embedded.ts';
import { arbdata, documentOf } from '../app/support.ts';
import { READER } from '../support/oracle-wire/accounts.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import { environmentOf } from './support/oracle.ts';

const V_PARAMETER = { object: 'SYS.V_$PARAMETER', privileges: ['SELECT'] } as const;

let dir: string;
let server: OracleWire;
/** One body and nothing else. */
let source: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-check-'));
  // Without any body a source is refused.
  source = path.join(dir, 'source.duckdb');
  const meta = { kind: 'csv', made_by: 'test', as_of: null, until: null, seed: null, size: null };
  const body = "INSERT INTO arb_org VALUES ('110000', '市仲裁院', '110000', '1', '京')";
  await createEmbeddedSource(source, (engine) => engine.run(body), meta);
  server = await startOracleWire({
    source,
    synonyms: false,
    columns: { 'ARB_CLAIM.AMOUNT': { oracleType: 'NUMBER' } },
  });
});
afterAll(async () => {
  await server.close();
  await removeTree(dir);
});
beforeEach(() => {
  const environment = { ARBDATA_SOURCE: 'oracle', ...environmentOf(server) };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A home whose mapping names the owner of the views, or none. */
function home(name: string, names?: object): string {
  const folder = path.join(dir, name);
  mkdirSync(path.join(folder, 'definitions'), { recursive: true, mode: 0o700 });
  if (names !== undefined) {
    writeFileSync(path.join(folder, 'definitions/source-names.json'), JSON.stringify(names));
  }
  return folder;
}

test('warnings are told with their statements, the figures follow, and the source can be read', async () => {
  const ended = await arbdata('--home', home('mapped', { owner: 'ARB' }), 'source', 'check');
  expect(ended.code).toBe(0);
  const lines = ended.stdout.split('\n');
  expect(lines[0]).toBe('oracle source');
  expect(lines).toEqual(expect.arrayContaining(['  characterSet: AL32UTF8', '  sessionZone: Asia/Shanghai']));
  expect(ended.stdout).toContain('warning: ARB_CLAIM.AMOUNT: is NUMBER, the contract says NUMBER(18,2)');
  expect(ended.stdout).toContain('    GRANT SELECT ON "SYS"."V_$PARAMETER" TO "ARBDATA";');
  expect(ended.stdout).toMatch(/^ARB_CLAIM +0 /m);
  expect(ended.stdout).toMatch(/^The source fulfils the contract, 2 warnings\.$/m);
});

test('errors end with 4 and without figures; a statement that mends several stands once', async () => {
  const ended = await arbdata('--home', home('unmapped'), 'source', 'check');
  expect(ended.code).toBe(4);
  expect(ended.stdout).toContain('problem: ARB_CASE: there is no ARBDATA.ARB_CASE that ARBDATA may read');
  expect(ended.stdout).toMatch(/^6 problems, 1 warning\.$/m);
  const statements = ended.stdout.split('\n').filter((line) => line.startsWith('    '));
  expect(new Set(statements).size).toBe(statements.length);
});

test('as JSON: severity, message and statements of each', async () => {
  const ended = await arbdata('--home', home('json', { owner: 'ARB' }), 'source', 'check', '--json');
  const { kind, problems, views } = documentOf(ended) as {
    kind: string;
    problems: { severity: string; statements: string[] }[];
    views: unknown[];
  };
  expect(kind).toBe('oracle');
  expect(views).toHaveLength(6);
  expect(problems.map(({ severity, statements }) => [severity, statements.length])).toEqual([
    ['warning', 2],
    ['warning', 1],
  ]);
});

test('doctor asks for attention over warnings only', async () => {
  const ended = await arbdata('--home', home('doctor', { owner: 'ARB' }), 'doctor', '--json');
  const { diagnoses } = documentOf(ended) as { diagnoses: { name: string; state: string }[] };
  expect(diagnoses.find(({ name }) => name === 'source')).toMatchObject({
    state: 'attention',
    message: 'oracle, 1 row; 2 warnings',
  });
});

test('a wrong mapping is refused before anything is connected', async () => {
  const before = server.statements.length;
  const ended = await arbdata('--home', home('wrong', { views: { ARB_CASES: {} } }), 'source', 'check');
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/E_CONFIG.*source-names\.json/s);
  expect(server.statements).toHaveLength(before);
});

test('with two databases each problem and statement says which of them it is for', async () => {
  const portal = await startOracleWire({ source, views: ['PRE_APPLICATION'], serviceName: 'PORTAL' });
  onTestFinished(() => portal.close());
  vi.stubEnv('ORACLE_PRE_APPLICATION_CONNECT_STRING', portal.connectString);
  const folder = home('two', { owner: 'ARB' });
  const ended = await arbdata('--home', folder, 'source', 'check');
  const undo = 'the undo retention was not checked: the account may not read V$PARAMETER';
  const grant = '    GRANT SELECT ON "SYS"."V_$PARAMETER" TO "ARBDATA";';
  for (const { connectString } of [server, portal]) {
    expect(ended.stdout).toContain(`warning: ARBDATA@${connectString}: ${undo}\n${grant}\n`);
  }
  const { problems } = documentOf(await arbdata('--home', folder, 'source', 'check', '--json')) as {
    problems: { connection: string }[];
  };
  expect(new Set(problems.map(({ connection }) => connection))).toEqual(
    new Set([server, portal].map(({ connectString }) => `ARBDATA@${connectString}`)),
  );
});

test('undo must last for as long as the latest reads took, and half as long again', async () => {
  const observed = await startOracleWire({
    source,
    accounts: [{ ...READER, objects: [...(READER.objects ?? []), V_PARAMETER] }],
    undoRetentionSeconds: 5000,
  });
  onTestFinished(() => observed.close());
  for (const [name, value] of Object.entries(environmentOf(observed))) vi.stubEnv(name, value);
  const folder = home('long');
  const clock = fixedClock('2026-11-09T09:00:00+08:00');
  const effects = { clock, log: silentLog, progress: silentProgress, actor: 'tester', command: 'test' };
  const problems = () =>
    withService(folder, effects, async (service) => (await checkSource(service)).problems);
  const readFor = (seconds: number) =>
    withService(folder, effects, (service) =>
      withRun(service, { pipeline: 'monthly', period: '2026-10', parameters: {} }, async (context) => {
        await context.step(FREEZE_STEP, async () => clock.advance(seconds * 1000));
        return { state: 'done', summary: {} };
      }),
    );
  expect(await problems()).toEqual([]);
  await readFor(4000);
  await readFor(60);
  expect(await problems()).toMatchObject([
    { severity: 'warning', statements: ['ALTER SYSTEM SET UNDO_RETENTION = 6000 SCOPE = BOTH'] },
  ]);
});
