/** Bags as others see them: valid by the RFC, by a validator of other hands, and by sha256sum and openssl. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import type { Backup } from '../../pipelines/runtime/ledger-backups.ts';
import { manifestText, parseManifest } from '../../pipelines/steps/backup/bag-format.ts';
import type { TestHome } from '../publish/support.ts';
import { bagProblems } from '../support/bagit.ts';
import { bagOf, create, filesOf, flipBit, publishedHome, removeHome, unlock } from './support.ts';

let home: TestHome;
let backups: readonly Backup[];

beforeAll(async () => {
  home = await publishedHome();
  backups = [...(await create(home)), ...(await create(home, ['evidence'], { period: '2026-10' }))];
});
afterAll(() => removeHome(home));

const one = (kind: Backup['kind']): Backup => {
  const found = backups.find((backup) => backup.kind === kind);
  if (found === undefined) throw new Error(`no backup of kind ${kind}`);
  return found;
};

test('every kind is a valid bag', () => {
  expect(backups.map(({ kind }) => kind).sort()).toEqual([
    'evidence',
    'outputs',
    'snapshot',
    'snapshot',
    'state',
  ]);
  for (const backup of backups)
    expect([backup.kind, bagProblems(bagOf(home, backup))]).toEqual([backup.kind, []]);
});

test('the independent validator sees damage', async () => {
  const dir = bagOf(home, one('state'));
  const copy = home.path('work', 'copy');
  execFileSync('cp', ['-a', dir, copy]);
  unlock(copy);
  flipBit(path.join(copy, 'data/ledger.sqlite'), 12_345);
  expect(bagProblems(copy)).toEqual([
    'manifest-sha256.txt: data/ledger.sqlite has another checksum',
    'manifest-sm3.txt: data/ledger.sqlite has another checksum',
  ]);
  await removeTree(copy);
});

const hasPythonBagit = (): boolean => {
  try {
    execFileSync('python3', ['-c', 'import bagit'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

test.skipIf(!hasPythonBagit())("the Library of Congress's validator accepts them", () => {
  for (const backup of backups) {
    execFileSync('python3', ['-m', 'bagit', '--validate', bagOf(home, backup)], { stdio: 'pipe' });
  }
});

test('sha256sum and openssl agree with the manifests', () => {
  const dir = bagOf(home, one('outputs'));
  for (const name of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
    execFileSync('sha256sum', ['--check', '--quiet', '--strict', name], { cwd: dir, stdio: 'pipe' });
  }
  for (const [file, hash] of parseManifest(readFileSync(path.join(dir, 'manifest-sm3.txt'), 'utf8'))) {
    const out = execFileSync('openssl', ['dgst', '-sm3', '-r', path.join(dir, file)], { encoding: 'utf8' });
    expect(out.split(' ')[0]).toBe(hash);
  }
});

test('what is in them', async () => {
  const state = await filesOf(bagOf(home, one('state')));
  expect(state).toEqual(expect.arrayContaining(['data/ledger.sqlite', 'data/audit-head.json']));
  expect(state.filter((name) => name.startsWith('data/findings/'))).toHaveLength(2);
  // Not encrypted: the key stays at home, and the bag says so.
  expect(state).not.toContain('data/secret.key');
  const info = readFileSync(path.join(bagOf(home, one('state')), 'bag-info.txt'), 'utf8');
  expect(info).toMatch(/^Arbdata-Without: secret\.key/m);
  expect(info).toMatch(/^Payload-Oxum: \d+\.\d+$/m);
  const snapshot = readFileSync(path.join(bagOf(home, one('snapshot')), 'bag-info.txt'), 'utf8');
  expect(snapshot).toMatch(/^Arbdata-Rows: ARB_CASE \d+$/m);
  expect(snapshot).toMatch(/^Arbdata-As-Of: 2026-/m);
  const evidence = await filesOf(bagOf(home, one('evidence')));
  expect(evidence).toEqual(
    expect.arrayContaining([
      'data/evidence.json',
      'data/published/macro-monitoring/202610/r1/宏观监测-202610.xlsx',
      'data/published/macro-monitoring/202609/r1/manifest.json',
      'data/published/macro-monitoring/202610/r1/revision-previous.parquet',
    ]),
  );
  const told = JSON.parse(
    readFileSync(path.join(bagOf(home, one('evidence')), 'data/evidence.json'), 'utf8'),
  ) as {
    audit: { action: string }[];
    runs: { id: string }[];
  };
  expect(told.audit.map(({ action }) => action)).toEqual(Array(3).fill('publication.publish'));
  expect(told.runs).toHaveLength(1);
});

test('names that a manifest cannot hold are encoded, and nothing else is', () => {
  const entries = new Map([
    ['data/a%b', 'a'.repeat(64)],
    ['data/两行\n名', 'b'.repeat(64)],
    ['data/x y ', 'c'.repeat(64)],
  ]);
  const text = manifestText(entries);
  expect(text).toContain('data/a%25b\n');
  expect(text).toContain('data/两行%0A名\n');
  expect(parseManifest(text)).toEqual(entries);
  for (const wrong of [
    'a  data/x',
    `${'a'.repeat(64)}  ../x\n`,
    `${'a'.repeat(64)}  /etc/x\n`,
    `${'a'.repeat(63)}  data/x\n`,
  ]) {
    expect(() => parseManifest(wrong)).toThrow(/line/);
  }
});
