/** What goes and what comes: retention with its dry run, purges with their record, lost catalogues, dropped dumps. */
import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adoptDumps } from '../../pipelines/backup-dumps.ts';
import { listBackups, verifyBackups } from '../../pipelines/backup-look.ts';
import { planPrune, prune } from '../../pipelines/backup-prune.ts';
import { planPurge, purge, readScope } from '../../pipelines/backup-purge.ts';
import { rebuildCatalogue } from '../../pipelines/backup-rebuild.ts';
import { doctor } from '../../pipelines/doctor.ts';
import { keptPublications } from '../../pipelines/purged.ts';
import { recover } from '../../pipelines/recovery.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { dumpHeader } from '../../pipelines/steps/backup/dump-files.ts';
import { publicationName } from '../../pipelines/steps/publish/publication.ts';
import type { PurgeRecord } from '../../schemas/backup.ts';
import { CLERK, type TestHome } from '../publish/support.ts';
import { errorOf } from '../runtime/support/home.ts';
import { bagOf, copyOf, create, filesOf, flipBit, publishedHome, removeHome } from './support.ts';

let backed: TestHome;

beforeAll(async () => {
  backed = await publishedHome();
  await create(backed);
});
afterAll(() => removeHome(backed));

const DAY_MS = 86_400_000;
const list = (home: TestHome) => home.as(CLERK, (service) => listBackups(service));
const withNas = async (home: TestHome, more: object = {}): Promise<string> => {
  const nas = path.join(home.dir, '../nas');
  mkdirSync(nas, { recursive: true });
  await home.configure({ backup: { destinations: [{ name: 'nas', path: nas }], ...more } });
  return nas;
};

describe('a destination that was never there', () => {
  test('is a problem for every look, though no copy is missed at it', async () => {
    const home = await copyOf(backed);
    const nas = path.join(home.dir, '../nas');
    await home.configure({ backup: { destinations: [{ name: 'nas', path: nas }] } });
    const told = `destination nas: ${nas} is not there or cannot be read`;
    expect((await list(home)).problems).toEqual([told]);
    for (const more of [{}, { destination: 'nas' }]) {
      const looks = await home.as(CLERK, (service) => verifyBackups(service, { depth: 'quick', ...more }));
      expect(looks.filter(({ isGood }) => !isGood)).toMatchObject([
        { dir: nas, faults: [{ message: told }] },
      ]);
    }
    expect(await home.as(CLERK, doctor)).toContainEqual(
      expect.objectContaining({ name: 'backups', state: 'problem', message: told }),
    );
    // A medium of the archive may be away.
    await home.configure({ backup: { destinations: [{ name: 'nas', path: nas, offline: true }] } });
    expect((await list(home)).problems).toEqual([]);
  });
});

describe('prune', () => {
  test('shows first and removes what it has shown, everywhere; publications keep their backups', async () => {
    const home = await copyOf(backed);
    const nas = await withNas(home, { retention: { daily: 2, weekly: 0, monthly: 0, yearly: 0 } });
    for (let day = 0; day < 4; day += 1) {
      home.clock.advance(DAY_MS);
      await create(home, ['state']);
    }
    const planned = await home.as(CLERK, planPrune);
    // The copies of the first backups are in the home alone: only those of today went to the nas.
    expect(planned.remove).toHaveLength(3);
    const kinds = new Map((await list(home)).backups.map(({ id, kind }) => [id, kind]));
    expect(planned.remove.map((id) => kinds.get(id))).toEqual(['state', 'state', 'state']);
    expect(planned.keep.map(({ because }) => because.join()).join('\n')).toMatch(
      /macro-monitoring\/2026-10\/r1 refers to it/,
    );
    expect(planned.keep.map(({ because }) => because.join()).join('\n')).toMatch(
      /the only backup of macro-monitoring\/2026-09\/r1/,
    );
    // That another revision is in force takes nothing from the one before.
    const { DatabaseSync } = await import('node:sqlite');
    const ledger = new DatabaseSync(home.path('ledger.sqlite'));
    ledger.exec("UPDATE publication SET state = 'superseded'");
    ledger.close();
    expect((await home.as(CLERK, planPrune)).keep).toEqual(planned.keep);
    const before = await filesOf(home.path('backups'));
    expect(await errorOf(() => home.as(CLERK, (service) => prune(service, '00000000')))).toMatchObject({
      code: 'E_BACKUP_REFUSED',
    });
    expect(await filesOf(home.path('backups'))).toEqual(before);
    // Where a place cannot be reached, nothing of what lies there goes.
    renameSync(nas, `${nas}-off`);
    expect((await home.as(CLERK, planPrune)).remove).toHaveLength(1);
    renameSync(`${nas}-off`, nas);
    await home.as(CLERK, (service) => prune(service, planned.plan));
    for (const id of planned.remove) {
      expect([existsSync(home.path('backups', id)), existsSync(path.join(nas, id))]).toEqual([false, false]);
    }
    expect((await list(home)).problems).toEqual([]);
    expect((await home.as(CLERK, planPrune)).remove).toEqual([]);
    const told = JSON.parse(readFileSync(path.join(nas, 'expected-backups.json'), 'utf8')) as {
      backups: { id: string; state: string }[];
    };
    expect(
      told.backups
        .filter(({ state }) => state === 'removed')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...planned.remove].sort());
  });

  test('a damaged backup is no last good one', async () => {
    const home = await copyOf(backed);
    await home.configure({ backup: { retention: { daily: 1, weekly: 0, monthly: 0, yearly: 0 } } });
    home.clock.advance(DAY_MS);
    const [latest] = await create(home, ['state']);
    if (latest === undefined) throw new Error('no backup');
    rmSync(path.join(bagOf(home, latest), 'data/ledger.sqlite'), { force: true });
    await removeTree(bagOf(home, latest));
    const planned = await home.as(CLERK, planPrune);
    expect(planned.remove).toEqual([]);
    expect(planned.keep.find(({ id }) => id === latest.id)?.because.join()).toMatch(/damaged or not there/);
  });
});

describe('rebuild-catalogue', () => {
  test('a lost ledger: every bag comes back, what is missing is missed, what was removed stays removed', async () => {
    const home = await copyOf(backed);
    const nas = await withNas(home, { retention: { daily: 1, weekly: 0, monthly: 0, yearly: 0 } });
    home.clock.advance(DAY_MS);
    await create(home, ['state']);
    const planned = await home.as(CLERK, planPrune);
    await home.as(CLERK, (service) => prune(service, planned.plan));
    const before = (await list(home)).backups;
    const lost = before.find(({ kind }) => kind === 'outputs')?.id ?? '';
    await removeTree(home.path('backups', lost));
    for (const name of ['ledger.sqlite', 'audit-head.json']) rmSync(home.path(name));
    const rebuilt = await home.as(CLERK, rebuildCatalogue);
    expect(rebuilt.missing).toEqual([lost]);
    expect(rebuilt.problems).toEqual([]);
    const { backups, problems } = await list(home);
    expect(backups.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    const facts = (all: typeof before) =>
      all
        .filter(({ id }) => id !== lost)
        .map(({ id, kind, sizeBytes, tagmanifestSha256, places }) => ({
          id,
          kind,
          sizeBytes,
          tagmanifestSha256,
          places,
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(facts(backups)).toEqual(facts(before));
    expect(problems.join('\n')).toContain(`backup ${lost} is gone from home`);
    expect(existsSync(path.join(nas, 'expected-backups.json'))).toBe(true);
    // And work goes on.
    expect(await create(home, ['state'])).toHaveLength(1);
  });
});

describe('purge', () => {
  test('a period: nothing of it is left anywhere, the record is signed, and the home is in order', async () => {
    const home = await copyOf(backed);
    const nas = await withNas(home);
    await create(home, ['evidence'], { period: '2026-10' });
    // What was sent, what was answered, and a batch of another month.
    for (const name of ['outbox/national-platform', 'receipts/110000-ARB-202610-01'])
      mkdirSync(home.path(name), { recursive: true });
    const other = home.path('outbox/national-platform/110000-ARB-202609-01.zip');
    for (const name of [
      home.path('outbox/national-platform/110000-ARB-202610-01.zip'),
      home.path('receipts/110000-ARB-202610-01/receipt.xml'),
      other,
    ])
      writeFileSync(name, 'x');
    const scope = readScope('period:2026-10');
    const planned = await home.as(CLERK, (service) => planPurge(service, scope));
    const asked = { scope, plan: planned.plan, reason: '京人社函〔2026〕12号' };
    expect(
      await errorOf(() => home.as(CLERK, (service) => purge(service, { ...asked, reason: ' ' }))),
    ).toMatchObject({ code: 'E_USAGE' });
    expect(
      await errorOf(() => home.as(CLERK, (service) => purge(service, { ...asked, plan: 'x' }))),
    ).toMatchObject({ code: 'E_BACKUP_REFUSED' });
    const returnTo = path.join(home.dir, '../handed-over');
    const done = await home.as(CLERK, (service) => purge(service, { ...asked, returnTo }));
    expect(done.record.left).toEqual([]);
    for (const { path: gone } of planned.items) expect(existsSync(gone)).toBe(false);
    expect(existsSync(other)).toBe(true);
    const remaining = [...(await filesOf(home.dir)), ...(await filesOf(nas))];
    expect(remaining.filter((name) => /202610|2026-10/.test(name) && !name.startsWith('logs/'))).toEqual([]);
    expect(
      readFileSync(path.join(returnTo, 'published/macro-monitoring/202610/r1/macro-monitoring-202610.csv'))
        .length,
    ).toBeGreaterThan(1000);
    const record = readFileSync(done.file);
    const { signer } = JSON.parse(record.toString()) as PurgeRecord;
    expect(verify(null, record, createPublicKey(signer.publicKey), readFileSync(done.signature))).toBe(true);
    expect(
      verify(
        null,
        Buffer.concat([record, Buffer.from(' ')]),
        createPublicKey(signer.publicKey),
        readFileSync(done.signature),
      ),
    ).toBe(false);
    const out = execFileSync(
      'openssl',
      [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        done.file.replace(/json$/, 'pub.pem'),
        '-rawin',
        '-in',
        done.file,
        '-sigfile',
        done.signature,
      ],
      { encoding: 'utf8' },
    );
    expect(out).toContain('Signature Verified Successfully');
    const found = await home.as(CLERK, doctor);
    expect(found.filter(({ state }) => state === 'problem')).toEqual([]);
    // The period can be run again, as the next revision.
    const again = await home.run('2026-10', { asOf: '2026-11-03' });
    expect(again.outcome).toMatchObject({ state: 'published', revision: 2 });
    // What is published afterwards is no more destroyed than what was never purged.
    const kept = (await home.as(CLERK, keptPublications)).map(publicationName);
    expect(kept).toEqual(
      expect.arrayContaining(['macro-monitoring/2026-10/r2', 'macro-monitoring/2026-09/r1']),
    );
    expect(kept).not.toContain('macro-monitoring/2026-10/r1');
    const bags = await create(home, ['outputs']);
    expect(bags.flatMap(({ info }) => info.publications ?? [])).toContain('macro-monitoring/2026-10/r2');
  });

  test('one that was killed waits for a disk that is not mounted, and certifies nothing without it', async () => {
    const home = await copyOf(backed);
    const nas = await withNas(home);
    const [{ id } = { id: '' }] = await create(home, ['state']);
    const read = home.path('work/oracle-read.free-0.kept');
    mkdirSync(read, { recursive: true });
    writeFileSync(path.join(read, 'arb_party.parquet'), 'raw rows');
    const scope = readScope('all');
    const { items } = await home.as(CLERK, (service) => planPurge(service, scope));
    expect(items.map(({ path: at }) => at)).toContain(read);
    const pending: PurgeRecord = {
      formatVersion: 1,
      ...{ id: 'P20261103-090000-00ff', scope: 'all', reason: 'letter 12', actor: CLERK, toolVersion: '0' },
      ...{ startedAt: '2026-11-03 09:00:00.000', finishedAt: '', returnedTo: null },
      destroyed: items.map((one) => ({ ...one, files: 1, sizeBytes: 1, sha256: '0'.repeat(64) })),
      ...{ left: [], method: 'removed', auditHead: null, signer: { algorithm: 'Ed25519', publicKey: 'x' } },
    };
    mkdirSync(home.path('purges'), { recursive: true });
    const plan = home.path('purges/P20261103-090000-00ff.pending.json');
    writeFileSync(plan, JSON.stringify(pending));
    const isThere = (): boolean => readdirSync(home.path('snapshots')).length > 0;
    // The folder is there, its disk is not.
    renameSync(nas, `${nas}-off`);
    mkdirSync(nas);
    expect(await home.as(CLERK, recover)).toEqual([
      `purge P20261103-090000-00ff was interrupted and waits: ${nas} is not there`,
    ]);
    expect([existsSync(plan), isThere(), readdirSync(home.path('purges')).length]).toEqual([true, true, 1]);
    const found = await home.as(CLERK, doctor);
    expect(found.map(({ message }) => message).join('\n')).toContain(`waits for ${nas}`);
    rmSync(nas, { recursive: true });
    renameSync(`${nas}-off`, nas);
    expect(existsSync(path.join(nas, id))).toBe(true);
    expect((await home.as(CLERK, recover)).join()).toMatch(/finished purge P20261103-090000-00ff/);
    expect([existsSync(plan), isThere(), existsSync(path.join(nas, id))]).toEqual([false, false, false]);
    const record = JSON.parse(
      readFileSync(home.path('purges/P20261103-090000-00ff.json'), 'utf8'),
    ) as PurgeRecord;
    expect(record.left).toEqual([]);
  });

  test('everything, with an SM2 key of the bureau', async () => {
    const home = await copyOf(backed);
    const key = path.join(home.dir, '../sm2.pem');
    execFileSync(
      'openssl',
      ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2', '-out', key],
      { stdio: 'ignore' },
    );
    execFileSync('chmod', ['600', key]);
    const nas = await withNas(home, { signingKeyFile: key });
    await create(home, ['state']);
    const scope = readScope('all');
    const refused = async (): Promise<void> => {
      const off = await home.as(CLERK, (service) => planPurge(service, scope));
      expect(off.unreachable).toHaveLength(1);
      expect(
        await errorOf(() =>
          home.as(CLERK, (service) => purge(service, { scope, plan: off.plan, reason: 'x' })),
        ),
      ).toMatchObject({ code: 'E_BACKUP_REFUSED' });
    };
    // All or nothing: a place that cannot be reached keeps its copies; nor is one there whose folder alone is.
    renameSync(nas, `${nas}-off`);
    await refused();
    mkdirSync(nas);
    await refused();
    rmSync(nas, { recursive: true });
    await home.configure({ backup: { signingKeyFile: key } });
    await refused();
    await withNas(home, { signingKeyFile: key });
    rmSync(nas, { recursive: true });
    renameSync(`${nas}-off`, nas);
    mkdirSync(home.path('outbox/national-platform'), { recursive: true });
    writeFileSync(home.path('outbox/national-platform/110000-ARB-202610-01.zip'), 'x');
    const { plan } = await home.as(CLERK, (service) => planPurge(service, scope));
    const done = await home.as(CLERK, (service) => purge(service, { scope, plan, reason: '合同终止' }));
    expect(done.record.signer.algorithm).toBe('SM2 with SM3');
    const out = execFileSync(
      'openssl',
      [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        done.file.replace(/json$/, 'pub.pem'),
        '-rawin',
        '-digest',
        'sm3',
        '-in',
        done.file,
        '-sigfile',
        done.signature,
      ],
      { encoding: 'utf8' },
    );
    expect(out).toContain('Signature Verified Successfully');
    for (const name of ['source', 'snapshots', 'published', 'out', 'outbox', 'findings'])
      expect(readdirSync(home.path(name))).toEqual([]);
    expect(readdirSync(home.path('backups'))).toEqual(['expected-backups.json']);
    expect(readdirSync(nas)).toEqual(['expected-backups.json']);
    const found = await home.as(CLERK, doctor);
    expect(found.filter(({ state }) => state === 'problem')).toEqual([]);
  });

  test('a scope names what is its own, and nothing beside it', async () => {
    const home = await copyOf(backed);
    const refusal = (text: string) =>
      errorOf(() => home.as(CLERK, (service) => planPurge(service, readScope(text))));
    for (const text of ['snapshot:..', 'snapshot:.', 'snapshot:../published', 'backup:..'])
      expect(await refusal(text)).toMatchObject({ code: 'E_NOT_FOUND' });
    expect(await refusal('period:2026-13')).toMatchObject({ code: 'E_PERIOD' });
  });

  test('what is no scope is refused', () => {
    for (const text of ['', 'every', 'all:x', 'period:', 'period'])
      expect(() => readScope(text)).toThrow(/no scope/);
  });
});

/** The first block of a Data Pump file as published descriptions have it: made here, not taken from a database. */
function dataPump(job: string, release: string, more = ''): Buffer {
  const block = Buffer.alloc(4096);
  block.set([3, 1, 0, 178, 0]);
  block.write(`${job}\0x86_64/Linux 2.4.xx\0AL32UTF8\0${release}\0`, 64, 'latin1');
  return Buffer.concat([block, Buffer.from(more)]);
}

describe('adopt', () => {
  const drop = (home: TestHome, name: string, content: Buffer | string, ageSeconds = 3600): string => {
    const file = path.join(home.dir, '../drop', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    const at = home.clock.now().getTime() / 1000 - ageSeconds;
    utimesSync(file, at, at);
    return file;
  };
  const adopt = (home: TestHome, isRemoved = false) =>
    home.as(CLERK, (service) => adoptDumps(service, { isRemoved, isCopied: true, lookAgainMs: 50 }));

  test('finished files once, filed by date and schema; growing ones wait; an unknown header is said', async () => {
    const home = await copyOf(backed);
    await home.configure({ backup: { dropFolder: '../drop', settleSeconds: 60 } });
    const first = drop(
      home,
      'arb_01.dmp',
      dataPump('"ARB"."SYS_EXPORT_SCHEMA_01"', '19.00.00.00.00', 'rows'),
    );
    drop(home, 'again/arb_copy.dmp', dataPump('"ARB"."SYS_EXPORT_SCHEMA_01"', '19.00.00.00.00', 'rows'));
    drop(home, 'old.dmp', Buffer.from('\u0003\0\u0001EXPORT:V11.02.00\nUSCOTT\nRUSERS\n', 'latin1'));
    drop(home, 'odd.dmp', Buffer.from('PK\u0003\u0004 not a dump'));
    drop(home, 'growing.dmp', dataPump('"ARB"."SYS_EXPORT_SCHEMA_02"', '19.00.00.00.00'), -3600);
    drop(home, '.hidden.dmp', 'x');
    const done = await adopt(home);
    expect(
      done.adopted.map(({ path: at, format, schema, release }) => [at, format, schema, release]),
    ).toEqual([
      ['dumps/20261109/ARB/arb_copy.dmp', 'data-pump', 'ARB', '19.00.00.00.00'],
      ['dumps/20261109/unknown/odd.dmp', 'unknown', null, null],
      ['dumps/20261109/SCOTT/old.dmp', 'export', 'SCOTT', '11.02.00'],
    ]);
    expect(done.growing.map((file) => path.basename(file))).toEqual(['growing.dmp']);
    const [bag] = done.backups;
    if (bag === undefined) throw new Error('no backup');
    expect(await filesOf(path.join(bagOf(home, bag), 'data'))).toEqual(
      done.adopted.map(({ path: at }) => at).sort(),
    );
    // Its twin of the same folder is told, though it is kept once.
    expect(done.duplicates).toEqual([{ file: first, id: bag.id }]);
    const again = await adopt(home);
    expect([again.backups, again.adopted]).toEqual([[], []]);
    expect(again.duplicates.map(({ id }) => id)).toEqual([bag.id, bag.id, bag.id, bag.id]);
    // Nothing leaves the drop folder while the backup is not whole.
    const payload = path.join(bagOf(home, bag), 'data/dumps/20261109/ARB/arb_copy.dmp');
    flipBit(payload, 99);
    expect((await adopt(home, true)).removed).toEqual([]);
    flipBit(payload, 99);
    expect((await adopt(home, true)).removed).toHaveLength(4);
    expect([existsSync(first), existsSync(path.join(path.dirname(first), 'growing.dmp'))]).toEqual([
      false,
      true,
    ]);
  });

  test('headers', () => {
    expect(dumpHeader(dataPump('"ADMIN"."SYS_EXPORT_FULL_03"', '11.02.00.04.0'), 'x.dmp')).toEqual({
      format: 'data-pump',
      schema: 'ADMIN',
      release: '11.02.00.04.0',
    });
    expect(dumpHeader(Buffer.from('Export: Release 19\n'), 'x.log')).toMatchObject({ format: 'log' });
    for (const bytes of [Buffer.of(), Buffer.alloc(4096), Buffer.from('"A"."B" 1.2.3.4.5')]) {
      expect(dumpHeader(bytes, 'x.dmp').format).toBe('unknown');
    }
  });
});
