/** A home that is damaged, closed or wrongly set up: what the command line says, and that mending it is enough. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { callCli, callJson, mustRun, runJson } from './support/cli.ts';
import { flipByte } from './support/damage.ts';
import { copyHome, importedHome, mountSmall, RUN, remount, unmount } from './support/homes.ts';
import { restProblems, settledProblems, sha256 } from './support/invariants.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let dir: string;
let imported: string;
/** 2026-09 published as r1: the next month is compared with it. */
let september: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-home-faults-'));
  imported = await importedHome(dir, 'imported');
  september = copyHome(imported, path.join(dir, 'september'));
  await mustRun(september, ['run', 'macro-monitoring', '--period', '2026-09']);
});
afterAll(() => removeTree(dir));

/** A copy of a home that a test may damage. */
function copyOf(home: string): string {
  const copy = copyHome(home, mkdtempSync(path.join(dir, 'case-')).concat('-home'));
  onTestFinished(() => removeTree(copy));
  return copy;
}

/** The command works once the fault is mended, and everything is in order then. */
async function expectMended(home: string, revisions: Record<string, number>): Promise<void> {
  expect((await callJson(home, RUN)).json).toMatchObject({ state: 'published', revision: 1 });
  expect(await settledProblems(home, { revisions })).toEqual([]);
}

test('a home on a read-only disk', async (context) => {
  const home = path.join(dir, 'read-only');
  if (!mountSmall(home, '64m')) return context.skip('mount is not permitted here');
  onTestFinished(() => unmount(home));
  remount(home, 'ro');
  for (const command of [RUN, ['demo'], ['runs']]) {
    const { exit, error } = await runJson(home, command);
    expect(error).toMatchObject({ code: 'E_HOME', exit: 1 });
    expect(exit).toBe(1);
    expect(error?.message).toMatch(/no permission \(EROFS\): .*read-only\/source/);
    expect(error?.advice).toMatch(/read and write access .*--home/);
  }
  expect(readdirSync(home)).toEqual([]);

  remount(home, 'rw');
  execFileSync('cp', ['-a', `${imported}/.`, home]);
  remount(home, 'ro');
  const { exit, error } = await runJson(home, RUN);
  expect(error).toMatchObject({ code: 'E_HOME', exit: 1 });
  expect(exit).toBe(1);
  expect(error?.message).toContain(path.join(home, 'ledger.sqlite'));
  remount(home, 'rw');
  await expectMended(home, { '2026-10': 1 });
});

test('a file where the home should be', async () => {
  const home = path.join(dir, 'a-file');
  writeFileSync(home, 'x');
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([1, 'E_HOME']);
  expect(error?.message).toContain(home);
  expect(readFileSync(home, 'utf8')).toBe('x');
});

test.each<[string, (ledger: string) => void, RegExp]>([
  ['whose head is overwritten', (file) => writeFileSync(file, 'no database '.repeat(1000)), /is damaged/],
  ['that is empty', (file) => truncateSync(file, 0), /is empty, but .*audit-head\.json tells of/],
  ['that is gone', (file) => rmSync(file), /is empty, but .*audit-head\.json tells of/],
  ['that is cut in half', (file) => truncateSync(file, statSync(file).size / 2), /is damaged|malformed/],
])('a ledger %s', async (_name, damage, message) => {
  const home = copyOf(september);
  const ledger = path.join(home, 'ledger.sqlite');
  const whole = readFileSync(ledger);
  damage(ledger);
  for (const command of [RUN, ['doctor']]) {
    const { exit, error } = await runJson(home, command);
    expect([command, exit, error?.code]).toEqual([command, 1, 'E_LEDGER']);
    expect(error?.message).toContain(ledger);
    expect(error?.message).toMatch(message);
    expect(error?.advice).toMatch(/restore .*ledger\.sqlite/i);
  }
  expect(await restProblems(home)).toEqual([]);
  for (const name of ['ledger.sqlite-wal', 'ledger.sqlite-shm'])
    rmSync(path.join(home, name), { force: true });
  writeFileSync(ledger, whole);
  await expectMended(home, { '2026-09': 1, '2026-10': 1 });
});

test.each<[string, string, RegExp]>([
  ['altered', "UPDATE audit SET actor = 'nobody' WHERE seq = 2", /record 2 was altered/],
  [
    'shortened',
    'DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)',
    /records \d+ to \d+ were removed/,
  ],
])('an audit record that was %s', async (_name, sql, message) => {
  const home = copyOf(september);
  const database = new DatabaseSync(path.join(home, 'ledger.sqlite'));
  database.exec('DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete');
  database.exec(sql);
  database.close();
  const { exit, error } = await runJson(home, ['audit', 'verify']);
  expect([exit, error?.code]).toEqual([1, 'E_AUDIT_BROKEN']);
  expect(error?.message).toMatch(message);
  const doctor = await callCli(home, ['doctor']);
  expect(doctor.exit).toBe(1);
  expect(doctor.stdout).toMatch(message);
});

test.each<[string, string, RegExp]>([
  ['is no JSON', '{"cutoffDay": 20,}', /config\.json: /],
  ['has an unknown key', '{"cutOffDay": 20}', /cutOffDay/],
  ['has a wrong value', '{"cutoffDay": 29}', /cutoffDay/],
  ['has a number where text belongs', '{"exclusionLimitPercent": 0.5}', /exclusionLimitPercent: .*as text/],
  ['is a list', '[]', /config\.json/],
  ['is empty', '', /config\.json/],
])('a config.json that %s', async (_name, text, message) => {
  const home = copyOf(imported);
  const before = sha256(path.join(home, 'ledger.sqlite'));
  writeFileSync(path.join(home, 'config.json'), text);
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([2, 'E_CONFIG']);
  expect(error?.message).toMatch(message);
  expect(error?.message).toContain(path.join(home, 'config.json'));
  expect(sha256(path.join(home, 'ledger.sqlite'))).toBe(before);
});

test('a form that does not exist is said before anything is published, and costs no revision number', async () => {
  const home = copyOf(imported);
  writeFileSync(path.join(home, 'config.json'), '{"forms": {"macroMonitoring": "form.xlsx"}}');
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([2, 'E_FORM']);
  expect(error?.message).toContain(path.join(home, 'form.xlsx'));
  expect(await restProblems(home)).toEqual([]);
  rmSync(path.join(home, 'config.json'));
  await expectMended(home, { '2026-10': 1 });
});

const shipped = (name: string): string =>
  readFileSync(path.join(PROJECT_DIR, 'schemas/definitions', name), 'utf8');

test.each<[string, string, string, RegExp]>([
  ['no JSON', 'rules.json', '{', /rules\.json is not JSON/],
  ['another shape', 'codes.json', '{"lists": 1}', /codes\.json: /],
  [
    'a duplicate indicator',
    'indicators.json',
    shipped('indicators.json').replace('"id": "A03"', '"id": "A02"'),
    /A02 stands twice/,
  ],
  [
    'a balance over an unknown indicator',
    'indicators.json',
    shipped('indicators.json').replace('"right": ["B01"]', '"right": ["B09"]'),
    /B09 is used but not defined/,
  ],
])('a definitions override with %s', async (_name, file, text, message) => {
  const home = copyOf(imported);
  const own = path.join(home, 'definitions', file);
  writeFileSync(own, text);
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([2, 'E_DEFINITION']);
  expect(error?.message).toMatch(message);
  expect(error?.advice).toMatch(/remove it from the home/);
  expect(await restProblems(home)).toEqual([]);
});

test('an indicator whose condition the engine cannot read is a fault of the definition', async () => {
  const home = copyOf(imported);
  const text = shipped('indicators.json').replace("dispute_type = '01'", "no_such_column = '01'");
  writeFileSync(path.join(home, 'definitions/indicators.json'), text);
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([2, 'E_DEFINITION']);
  expect(error?.message).toMatch(/T01.*no_such_column/);
  expect(await restProblems(home)).toEqual([]);
});

test('a failing balance (K01 to K10) holds the run, and nobody can release it', async () => {
  const home = copyOf(imported);
  const own = path.join(home, 'definitions/indicators.json');
  writeFileSync(
    own,
    shipped('indicators.json').replaceAll(/"where": "dispute_type = '\d+'"/g, '"where": "1 = 0"'),
  );
  const held = await callJson<{
    run: string;
    state: string;
    heldReasons: { text: string; releasable: boolean }[];
  }>(home, RUN);
  expect(held.exit).toBe(3);
  expect(held.json.state).toBe('held');
  expect(held.json.heldReasons).toEqual([
    expect.objectContaining({ text: expect.stringContaining('K02'), releasable: false }),
  ]);
  const release = await callJson(home, ['runs', 'release', held.json.run, '--reason', 'all the same']);
  expect([release.exit, release.error?.code]).toEqual([2, 'E_NOT_RELEASABLE']);
  expect(release.error?.message).toContain('K02');
  expect(existsSync(path.join(home, 'published/macro-monitoring'))).toBe(false);
  expect(await settledProblems(home, { revisions: {} })).toEqual([]);
  rmSync(own);
  await expectMended(home, { '2026-10': 1 });
});

test.each<[string, (r1: string) => void, RegExp]>([
  [
    'a byte of the frozen facts',
    (r1) => flipByte(`${r1}/case-facts.parquet`),
    /case-facts\.parquet does not have the bytes that were published/,
  ],
  [
    'a missing dataset',
    (r1) => rmSync(`${r1}/macro-monitoring-202609.csv`),
    /macro-monitoring-202609\.csv is missing/,
  ],
  ['a byte of the manifest', (r1) => flipByte(`${r1}/manifest.json`), /manifest\.json is not the one/],
  ['a missing folder', (r1) => renameSync(r1, `${r1}-away`), /manifest\.json is missing/],
])(
  'a published month with %s stops the next month and is shown by doctor',
  async (_name, damage, message) => {
    const home = copyOf(september);
    const r1 = path.join(home, 'published/macro-monitoring/202609/r1');
    const kept = copyHome(r1, path.join(dir, path.basename(home).concat('-r1')));
    for (const folder of [r1, path.dirname(r1)]) chmodSync(folder, 0o700);
    damage(r1);

    const { exit, error } = await runJson(home, RUN);
    expect([exit, error?.code]).toEqual([1, 'E_ARTEFACT_DAMAGED']);
    expect(error?.message).toMatch(message);
    expect(error?.advice).toMatch(/from a backup/);
    const doctor = await callCli(home, ['doctor']);
    expect(doctor.exit).toBe(1);
    expect(doctor.stdout).toMatch(message);
    expect(existsSync(path.join(home, 'published/macro-monitoring/202610'))).toBe(false);

    await removeTree(r1);
    await removeTree(`${r1}-away`);
    copyHome(kept, r1);
    await expectMended(home, { '2026-09': 1, '2026-10': 1 });
  },
);

test('a published workbook that was changed is shown by doctor, and stops nobody', async () => {
  const home = copyOf(september);
  const r1 = path.join(home, 'published/macro-monitoring/202609/r1');
  flipByte(`${r1}/宏观监测-202609.xlsx`);
  await mustRun(home, RUN);
  const doctor = await callCli(home, ['doctor']);
  expect(doctor.exit).toBe(1);
  expect(doctor.stdout).toMatch(/宏观监测-202609\.xlsx does not have the bytes that were published/);
});

test('a secret key of the wrong length', async () => {
  const home = copyOf(september);
  const key = path.join(home, 'secret.key');
  truncateSync(key, 7);
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([1, 'E_HOME']);
  expect(error?.message).toContain(`${key} has 7 bytes`);
  expect(await restProblems(home)).toEqual([]);
});
