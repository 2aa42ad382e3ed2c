/** Making, copying, losing, restoring and proving backups, as people do it. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { copyBackups } from '../../pipelines/backup.ts';
import { drill, recreate } from '../../pipelines/backup-drill.ts';
import { listBackups, verifyBackups, verifyFolderAsBag } from '../../pipelines/backup-look.ts';
import { restoreBackups } from '../../pipelines/backup-restore.ts';
import { doctor } from '../../pipelines/doctor.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { CLERK, contentsOf, openWorkbook, TestHome, textOfSheet } from '../publish/support.ts';
import { errorOf } from '../runtime/support/home.ts';
import { bagProblems } from '../support/bagit.ts';
import { bagOf, copyOf, create, filesOf, flipBit, publishedHome, removeHome } from './support.ts';

let published: TestHome;
/** With backups of every kind and nothing copied. */
let backed: TestHome;

beforeAll(async () => {
  published = await publishedHome();
  backed = published;
  await create(backed);
});
afterAll(() => removeHome(published));

const list = (home: TestHome) => home.as(CLERK, (service) => listBackups(service));
const idsOf = async (home: TestHome, kind: string) =>
  (await list(home)).backups.filter((one) => one.kind === kind).map(({ id }) => id);
const backupsOfDoctor = async (home: TestHome) =>
  (await home.as(CLERK, doctor)).filter(({ name }) => name === 'backups');

describe('what is there and what must be there', () => {
  test('a bag is closed to writing, and the catalogue tells its seal to every place', async () => {
    const home = await copyOf(backed);
    const { backups, problems } = await list(home);
    expect(problems).toEqual([]);
    expect(backups.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'state complete',
      'outputs complete',
      'snapshot complete',
      'snapshot complete',
    ]);
    for (const one of backups) {
      const modes = Object.values(await contentsOf(bagOf(home, one)));
      expect(modes.filter((text) => !/ 4[0-4]{2}$/.test(text))).toEqual([]);
    }
    const told = JSON.parse(readFileSync(home.path('backups/expected-backups.json'), 'utf8')) as {
      backups: unknown[];
    };
    expect(told.backups).toHaveLength(4);
  });

  test('a bag that was removed is noticed by list, verify and doctor, and so is one in its place', async () => {
    const home = await copyOf(backed);
    const [state = ''] = await idsOf(home, 'state');
    const [outputs = ''] = await idsOf(home, 'outputs');
    const [a = '', b = ''] = await idsOf(home, 'snapshot');
    await removeTree(home.path('backups', state));
    renameSync(home.path('backups', a), home.path('backups', 'elsewhere'));
    renameSync(home.path('backups', b), home.path('backups', a));
    const { backups, problems } = await list(home);
    const states = new Map(backups.map(({ id, places }) => [id, places.map((one) => one.state)]));
    expect([states.get(state), states.get(outputs), states.get(a), states.get(b)]).toEqual([
      ['gone'],
      ['present'],
      ['other'],
      ['gone'],
    ]);
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toContain(`backup ${state} is gone from home`);
    expect((await backupsOfDoctor(home)).filter((one) => one.state === 'problem')).toHaveLength(3);
    const verified = await home.as(CLERK, (service) => verifyBackups(service, { depth: 'quick' }));
    expect(
      verified
        .filter(({ isGood }) => !isGood)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([state, a, b].sort());
  });

  test('a lost catalogue does not take the knowledge of backups with it', async () => {
    const home = await copyOf(backed);
    for (const name of ['ledger.sqlite', 'audit-head.json']) rmSync(home.path(name));
    const { problems } = await list(home);
    expect(problems.join('\n')).toMatch(
      /expected-backups\.json tells of 4 backups that the catalogue does not know/,
    );
    const verified = await home.as(CLERK, (service) => verifyBackups(service, { depth: 'full' }));
    expect(verified).toMatchObject([{ isGood: false, faults: [{ kind: 'gone' }] }]);
    // Nothing is written over what is left of the catalogue.
    const error = await errorOf(() => create(home, ['state']));
    expect(error).toMatchObject({ code: 'E_BACKUP_REFUSED' });
    expect(error.advice).toContain('rebuild-catalogue');
  });

  test('a snapshot is backed up once; a damaged publication is not backed up as if it were whole', async () => {
    const home = await copyOf(backed);
    expect(await create(home, ['snapshot'])).toEqual([]);
    const file = home.path('published/macro-monitoring/202610/r1/macro-monitoring-202610.csv');
    flipBit(file, 1000);
    expect(await errorOf(() => create(home, ['outputs']))).toMatchObject({
      code: 'E_ARTEFACT_DAMAGED',
      where: { file },
    });
    expect((await list(home)).problems).toEqual([]);
    expect(await filesOf(home.path('backups'))).toEqual(await filesOf(backed.path('backups')));
  });
});

describe('copies', () => {
  test('are made at every destination and read back; a vanished one is told', async () => {
    const home = await copyOf(backed);
    const [nas, disk] = [path.join(home.dir, '../nas'), path.join(home.dir, '../disk')];
    mkdirSync(nas);
    await home.configure({
      backup: {
        destinations: [
          { name: 'nas', path: '../nas' },
          { name: 'disk', path: disk },
        ],
        expectedFile: '../elsewhere/expected.json',
      },
    });
    const first = await home.as(CLERK, (service) => copyBackups(service, {}));
    expect(first.copied).toHaveLength(4);
    expect(first.failed.map(({ destination, error }) => [destination, error.code])).toEqual([
      ['disk', 'E_BACKUP_DESTINATION'],
    ]);
    for (const id of await idsOf(home, 'snapshot')) expect(bagProblems(path.join(nas, id))).toEqual([]);
    for (const file of [
      path.join(nas, 'expected-backups.json'),
      path.join(home.dir, '../elsewhere/expected.json'),
    ]) {
      expect(readFileSync(file, 'utf8')).toBe(
        readFileSync(home.path('backups/expected-backups.json'), 'utf8'),
      );
    }
    // The disk is unmounted: only its folder is there.
    renameSync(nas, `${nas}-unmounted`);
    mkdirSync(nas);
    const [made] = await create(home, ['state']);
    expect(await filesOf(nas)).toEqual([]);
    const { problems } = await list(home);
    // Four copies at the one, and the other that was never there.
    expect(problems).toHaveLength(5);
    expect(problems).toContain(`destination disk: ${disk} is not there or cannot be read`);
    expect(problems[0]).toMatch(/nas: .*its disk is not mounted, or it was emptied/);
    // That it was away says nothing of the copies there.
    const away = await home.as(CLERK, (service) => verifyBackups(service, { depth: 'full' }));
    expect(away.filter(({ isGood }) => !isGood)).toHaveLength(5);
    expect((await list(home)).backups.filter(({ verified }) => verified?.isGood !== true)).toEqual([]);
    rmSync(nas, { recursive: true });
    renameSync(`${nas}-unmounted`, nas);
    mkdirSync(disk);
    const again = await home.as(CLERK, (service) => copyBackups(service, {}));
    expect(again.failed).toEqual([]);
    expect(
      again.copied
        .filter(({ id }) => id === made?.id)
        .map(({ destination }) => destination)
        .sort(),
    ).toEqual(['disk', 'nas']);
    expect((await list(home)).problems).toEqual([]);
    expect(await backupsOfDoctor(home)).toMatchObject([{ state: 'ok' }]);
  });

  test('one that cannot be written is told as such, as the destination', async () => {
    const home = await copyOf(backed);
    const [id = ''] = await idsOf(home, 'state');
    const refusal = async () => {
      const { failed } = await home.as(CLERK, (service) => copyBackups(service, { ids: [id] }));
      return failed.map(({ error }) => [error.code, error.message].join(' '));
    };
    // Not even root makes a file there.
    await home.configure({ backup: { destinations: [{ name: 'nas', path: '/sys' }] } });
    expect(await refusal()).toEqual(['E_BACKUP_DESTINATION destination nas: /sys cannot be written']);
  });

  test.skipIf(process.getuid?.() === 0)('nor one that was closed to writing since', async () => {
    const home = await copyOf(backed);
    const nas = path.join(home.dir, '../nas');
    mkdirSync(nas);
    await home.configure({ backup: { destinations: [{ name: 'nas', path: nas }] } });
    const [id = ''] = await idsOf(home, 'state');
    await create(home, ['state']);
    chmodSync(nas, 0o500);
    onTestFinished(() => chmodSync(nas, 0o700));
    const { failed } = await home.as(CLERK, (service) => copyBackups(service, { ids: [id] }));
    expect(failed.map(({ error }) => error.code)).toEqual(['E_BACKUP_DESTINATION']);
  });

  test('a medium of the archive may be away', async () => {
    const home = await copyOf(backed);
    const shelf = path.join(home.dir, '../shelf');
    await home.configure({ backup: { destinations: [{ name: 'shelf', path: shelf, offline: true }] } });
    const away = await home.as(CLERK, (service) => copyBackups(service, {}));
    expect([away.copied, away.failed]).toEqual([[], []]);
    mkdirSync(shelf);
    expect((await home.as(CLERK, (service) => copyBackups(service, {}))).copied).toHaveLength(4);
    renameSync(shelf, `${shelf}-away`);
    const { backups, problems } = await list(home);
    expect([problems, backups[0]?.places.map(({ state }) => state)]).toEqual([
      [],
      ['present', 'unreachable'],
    ]);
    const verified = await home.as(CLERK, (service) => verifyBackups(service, { depth: 'quick' }));
    expect(verified.map(({ destination }) => destination)).toEqual(['home', 'home', 'home', 'home']);
    // But one that is there without a bag has lost it.
    renameSync(`${shelf}-away`, shelf);
    await removeTree(path.join(shelf, backups[0]?.id ?? ''));
    expect((await list(home)).problems).toHaveLength(1);
  });

  test('a damaged bag is not copied, and a good copy stands in for it', async () => {
    const home = await copyOf(backed);
    await home.configure({
      backup: {
        destinations: [
          { name: 'nas', path: '../nas' },
          { name: 'disk', path: '../disk' },
        ],
      },
    });
    mkdirSync(path.join(home.dir, '../nas'));
    const [id = ''] = await idsOf(home, 'snapshot');
    await home.as(CLERK, (service) => copyBackups(service, { ids: [id], destination: 'nas' }));
    const file =
      (await filesOf(home.path('backups', id))).find((name) => name.endsWith('arb_case.parquet')) ?? '';
    flipBit(home.path('backups', id, file), 4321);
    mkdirSync(path.join(home.dir, '../disk'));
    // A flipped bit is not seen by a quick look: the copy is read back, and does not count.
    const failed = await home.as(CLERK, (service) => copyBackups(service, { ids: [id] }));
    expect(failed.failed.map(({ error }) => error.code)).toEqual(['E_BACKUP_DAMAGED']);
    expect(existsSync(path.join(home.dir, '../disk', id))).toBe(false);
    const verified = await home.as(CLERK, (service) => verifyBackups(service, { depth: 'full', ids: [id] }));
    expect(verified.map(({ destination, isGood }) => [destination, isGood])).toEqual([
      ['home', false],
      ['nas', true],
    ]);
    expect(verified[0]?.faults.map((one) => one.path)).toEqual([file]);
    // The good copy does not hide it, nor does a quick look; a copy is made from the whole one.
    await home.as(CLERK, (service) => verifyBackups(service, { depth: 'quick', ids: [id] }));
    const outcome = async () => (await list(home)).backups.find((one) => one.id === id)?.verified;
    expect(await outcome()).toMatchObject({ isGood: false });
    expect(await backupsOfDoctor(home)).toContainEqual(
      expect.objectContaining({
        state: 'problem',
        message: expect.stringContaining(`${id} was found damaged at home`) as string,
      }),
    );
    const fromNas = await home.as(CLERK, (service) => copyBackups(service, { ids: [id] }));
    expect(fromNas).toMatchObject({ copied: [{ id, destination: 'disk' }], failed: [] });
    const to = path.join(home.dir, '../restored');
    const refused = await errorOf(() =>
      home.as(CLERK, (service) => restoreBackups(service, { bags: [id], to, from: 'home' })),
    );
    expect(refused).toMatchObject({ code: 'E_BACKUP_DAMAGED' });
    expect(refused.message).toContain(file);
    expect(existsSync(to)).toBe(false);
    // Nobody has to name the whole one.
    await home.as(CLERK, (service) => restoreBackups(service, { bags: [id], to }));
    expect(existsSync(path.join(to, 'snapshots'))).toBe(true);
    // Moved away, it comes back from a whole copy, and what was found before is about another one.
    await removeTree(home.path('backups', id));
    expect((await list(home)).problems).toEqual([
      expect.stringContaining(`${id} is gone from home`),
      expect.stringContaining(`${id} was found damaged at home`),
    ]);
    const back = await home.as(CLERK, (service) => copyBackups(service, {}));
    expect(back.copied).toContainEqual({ id, destination: 'home' });
    expect((await list(home)).problems).toEqual([]);
    expect(await outcome()).toMatchObject({ isGood: true });
  });

  test('a place that nobody named, and a bag under the name of another', async () => {
    const home = await copyOf(backed);
    const [a = '', b = ''] = await idsOf(home, 'snapshot');
    const refusals = [
      () => home.as(CLERK, (service) => verifyBackups(service, { depth: 'full', destination: 'mars' })),
      () =>
        home.as(CLERK, (service) =>
          restoreBackups(service, { bags: [a], to: path.join(home.dir, '../restored'), from: 'mars' }),
        ),
    ];
    for (const act of refusals) expect(await errorOf(act)).toMatchObject({ code: 'E_NOT_FOUND' });
    const moved = path.join(home.dir, '../moved', a);
    mkdirSync(path.dirname(moved));
    renameSync(home.path('backups', b), moved);
    const looked = await home.as(CLERK, (service) => verifyFolderAsBag(service, moved, 'full'));
    expect(looked.faults).toMatchObject([{ kind: 'other' }]);
  });
});

describe('restoring', () => {
  test('all kinds into one folder make a home that is in order', async () => {
    const home = await copyOf(backed);
    const ids = (await list(home)).backups.map(({ id }) => id);
    const to = path.join(home.dir, '../again');
    await home.as(CLERK, (service) => restoreBackups(service, { bags: ids, to }));
    for (const name of ['published', 'snapshots']) {
      expect(await contentsOf(path.join(to, name))).toEqual(await contentsOf(home.path(name)));
    }
    const again = new TestHome(to, '2026-11-10T09:00:00+08:00');
    const found = await again.as(CLERK, doctor);
    // Its bags stayed where they were, and there is no source in it.
    expect(found.filter(({ state }) => state === 'problem').map(({ name }) => name)).toEqual([
      'backups',
      'backups',
      'backups',
    ]);
    expect(found.find(({ name }) => name === 'audit')?.state).toBe('ok');
    const unchanged = await again.run('2026-10', { snapshotId: (await snapshotOf(again, '2026-10')) ?? '' });
    expect(unchanged.outcome.state).toBe('unchanged');
  });

  test('never over anything that exists', async () => {
    const home = await copyOf(backed);
    const [id = ''] = await idsOf(home, 'state');
    const to = path.join(home.dir, '../there');
    for (const make of [() => mkdirSync(to), () => writeFileSync(to, 'x')]) {
      make();
      const error = await errorOf(() =>
        home.as(CLERK, (service) => restoreBackups(service, { bags: [id], to })),
      );
      expect(error).toMatchObject({ code: 'E_BACKUP_REFUSED', where: { file: to } });
      rmSync(to, { recursive: true });
    }
  });

  test('as a new embedded source, from which the same snapshot is frozen again', async () => {
    const home = await copyOf(backed);
    const [id = ''] = await idsOf(home, 'snapshot');
    const to = path.join(home.dir, '../source-home');
    await home.as(CLERK, (service) => restoreBackups(service, { bags: [id], to, asSource: true }));
    const again = new TestHome(to, '2026-11-10T09:00:00+08:00');
    const made = await again.run('2026-10', { asOf: '2026-11-03' });
    expect(made.outcome.state).toBe('published');
    const csv = 'published/macro-monitoring/202610/r1/macro-monitoring-202610.csv';
    expect(readFileSync(again.path(csv), 'utf8')).toBe(readFileSync(home.path(csv), 'utf8'));
  });
});

const snapshotOf = (home: TestHome, period: string) =>
  home.as(
    CLERK,
    async ({ ledger }) => (await ledger.latestPublication('macro-monitoring', period))?.snapshotId,
  );

describe('drills', () => {
  test('reproduce every data file of both datasets byte by byte, keep the batch as it was built, and tell RTO and RPO', async () => {
    const home = await copyOf(backed);
    const done = await home.as(CLERK, (service) => drill(service, {}));
    expect(done).toMatchObject({ period: '2026-10', isIdentical: true });
    const states = done.reproduced.flatMap(({ product, files }) =>
      files.map((one) => `${product} ${one.path} ${one.state}`),
    );
    const ofDatasets = states.filter((text) => !text.startsWith('national-platform '));
    expect(ofDatasets.filter((text) => !text.endsWith('identical'))).toEqual([]);
    expect(ofDatasets).toHaveLength(10);
    const ofBatch = states.filter((text) => text.startsWith('national-platform '));
    expect(ofBatch.filter((text) => !text.endsWith('kept'))).toEqual([]);
    expect(ofBatch).toContain('national-platform 110000-ARB-202610-01.zip kept');
    expect(done.seconds.total).toBeGreaterThan(0);
    expect(done.recoveryPoint).toMatchObject({ publicationsLost: [] });
    const { backups } = await list(home);
    expect(
      backups
        .filter(({ drilled }) => drilled?.isGood)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['outputs', 'snapshot']);
    expect(await filesOf(home.path('work'))).toEqual([]);
    const earlier = await home.as(CLERK, (service) =>
      drill(service, { period: { kind: 'month', year: 2026, index: 9, text: '2026-09' } }),
    );
    expect(earlier).toMatchObject({ period: '2026-09', isIdentical: true });
  });

  test('say so where what was published differs', async () => {
    const home = await copyOf(backed);
    await home.define('indicators.json', (shipped: { indicators: { id: string; where?: string }[] }) => ({
      ...shipped,
      indicators: shipped.indicators.map((one) => (one.id === 'A08' ? { ...one, where: '1 = 0' } : one)),
    }));
    const [snapshot = ''] = (
      await create(home, ['snapshot'], { snapshotId: (await snapshotOf(home, '2026-10')) ?? '' })
    ).map(({ id }) => id);
    const done = await home.as(CLERK, (service) => drill(service, { backup: snapshot }));
    expect(done.isIdentical).toBe(false);
    const different = done.reproduced.flatMap(({ files }) =>
      files.filter(({ state }) => state === 'different').map((one) => one.path),
    );
    expect(different).toContain('macro-monitoring-202610.csv');
    expect(done.reproduced[0]?.remarks.join()).toMatch(/definitions in the backup are not those/);
    expect(await backupsOfDoctor(home)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: 'attention', message: expect.stringContaining(snapshot) }),
      ]),
    );
  });

  test('evidence makes the workbook again in a home that knows nothing', async () => {
    const home = await copyOf(backed);
    const [bag] = await create(home, ['evidence'], { period: '2026-10' });
    const other = new TestHome(path.join(home.dir, '../other'), '2026-12-01T09:00:00+08:00');
    const to = path.join(home.dir, '../made-again');
    const done = await other.as('auditor', (service) =>
      recreate(service, { bag: bag === undefined ? '' : bagOf(home, bag), to }),
    );
    expect(done).toMatchObject({ isIdentical: true, period: '2026-10' });
    const name = '宏观监测-202610.xlsx';
    const was = await openWorkbook(home.path('published/macro-monitoring/202610/r1', name));
    const now = await openWorkbook(path.join(to, 'macro-monitoring', name));
    const sheets = was.worksheets.map((sheet) => sheet.name);
    expect(now.worksheets.map((sheet) => sheet.name)).toEqual(sheets);
    // Only the sheet that says who made it when may differ.
    const differing = sheets.filter((sheet) => textOfSheet(was, sheet) !== textOfSheet(now, sheet));
    expect(differing).toEqual(['说明']);
  });
});

/** Without the modes: a decrypted file is its owner's alone. */
const hashesOf = (contents: Record<string, string>) =>
  Object.fromEntries(Object.entries(contents).map(([name, text]) => [name, text.slice(0, 64)]));

describe('encryption', () => {
  test('the making side cannot read, the restoring side needs the key, and the secret key comes along', async () => {
    const home = await copyOf(published);
    const key = await generateX25519Identity();
    const file = path.join(home.dir, '../key.txt');
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
    await home.configure({ backup: { recipients: [await identityToRecipient(key)] } });
    const made = await create(home, ['state', 'outputs']);
    const [outputs, state] = made;
    if (state === undefined || outputs === undefined) throw new Error('two backups were to be made');
    expect(bagProblems(bagOf(home, state))).toEqual([]);
    const names = await filesOf(bagOf(home, state));
    expect(names).toContain('data/secret.key.age');
    expect(names.filter((name) => name.startsWith('data/') && !name.endsWith('.age'))).toEqual([]);
    expect(
      readFileSync(path.join(bagOf(home, state), 'data/ledger.sqlite.age'))
        .subarray(0, 21)
        .toString(),
    ).toBe('age-encryption.org/v1');
    const to = path.join(home.dir, '../open');
    const restore = (identityFile?: string) =>
      home.as(CLERK, (service) =>
        restoreBackups(service, { bags: [state.id, outputs.id], to, identityFile }),
      );
    expect(await errorOf(() => restore())).toMatchObject({ code: 'E_KEY' });
    const stranger = path.join(home.dir, '../stranger.txt');
    writeFileSync(stranger, `${await generateX25519Identity()}\n`, { mode: 0o600 });
    expect(await errorOf(() => restore(stranger))).toMatchObject({ code: 'E_KEY' });
    expect(existsSync(to)).toBe(false);
    await restore(file);
    expect(readFileSync(path.join(to, 'secret.key')).equals(readFileSync(home.path('secret.key')))).toBe(
      true,
    );
    expect(statSync(path.join(to, 'secret.key')).mode & 0o777).toBe(0o600);
    expect(hashesOf(await contentsOf(path.join(to, 'published')))).toEqual(
      hashesOf(await contentsOf(home.path('published'))),
    );
    const verified = await home.as(CLERK, (service) =>
      verifyBackups(service, { depth: 'full', ids: [state.id] }),
    );
    expect(verified.map(({ isGood }) => isGood)).toEqual([true]);
  });
});
