/** What a read leaves for the next one: taken over by one, used only where it fits, and gone in time. */
import { chmodSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { KeptRead, removeStaleReads } from '../../pipelines/steps/source/oracle/kept-read.ts';
import { temporaryDir } from '../runtime/support/home.ts';

const clock = fixedClock('2026-11-03T09:00:00+08:00');
const tomorrow = fixedClock('2026-11-04T00:00:01+08:00');
const SOURCE = 'a'.repeat(64);

/** A read of which one view has two pieces of three, another is finished; nobody holds it any more. */
async function leftRead(parent: string, scn = '4711'): Promise<void> {
  const kept = await KeptRead.begin(parent, clock, { source: SOURCE, scns: [scn] });
  await kept.plan('ARB_CASE', 30, [{ to: '10' }, { from: '10', to: '20' }, { from: '20' }]);
  for (const index of [2, 0]) {
    writeFileSync(kept.pieceFile('ARB_CASE', index), 'x'.repeat(100 + index));
    await kept.finishPiece('ARB_CASE', {
      index,
      rows: 10,
      sizeBytes: 100 + index,
      escaped: [9],
      isRegular: false,
    });
  }
  await kept.plan('ARB_ORG', 5, [{}]);
  writeFileSync(kept.pieceFile('ARB_ORG', 0), 'y');
  await kept.finishPiece('ARB_ORG', { index: 0, rows: 5, sizeBytes: 1, escaped: [], isRegular: true });
  writeFileSync(kept.parquetFile('ARB_ORG'), 'parquet');
  await kept.finishView('ARB_ORG');
  await kept.leave();
}

const names = (dir: string): string[] => readdirSync(dir).sort();

describe('taking over', () => {
  test('gives back the moment, the pieces and the finished views', async () => {
    const dir = await temporaryDir();
    await leftRead(dir);
    const kept = await KeptRead.takeOver(dir, clock, SOURCE);
    expect(kept?.scns).toEqual(['4711']);
    expect(kept?.view('ARB_CASE')).toMatchObject({ rows: 30 });
    expect(
      kept
        ?.view('ARB_CASE')
        ?.pieces.map(({ index, rows, escaped, isRegular }) => [index, rows, escaped, isRegular]),
    ).toEqual([
      [2, 10, [9], false],
      [0, 10, [9], false],
    ]);
    expect(kept?.view('ARB_ORG')).toMatchObject({ parquetBytes: 7 });
    expect(kept?.pieceCount).toBe(3);
    const target = path.join(dir, 'arb_org.parquet');
    await kept?.handOut('ARB_ORG', target);
    await kept?.remove();
    expect(names(dir)).toEqual(['arb_org.parquet']);
    expect(statSync(target).size).toBe(7);
  });

  test('a finished view keeps no rows beside its file, and nothing is readable for others', async () => {
    const dir = await temporaryDir();
    await leftRead(dir);
    const [folder = ''] = names(dir);
    expect(statSync(path.join(dir, folder)).mode & 0o077).toBe(0);
    expect(names(path.join(dir, folder))).toEqual([
      'arb_case-00000.rows',
      'arb_case-00002.rows',
      'arb_org.parquet',
      'read.json',
    ]);
  });

  test('only one of several at a time gets it', async () => {
    const dir = await temporaryDir();
    await leftRead(dir);
    const taken = await Promise.all(Array.from({ length: 5 }, () => KeptRead.takeOver(dir, clock, SOURCE)));
    expect(taken.filter((one) => one !== undefined)).toHaveLength(1);
    expect(names(dir)).toHaveLength(1);
  });

  test('what a living process holds is left alone', async () => {
    const dir = await temporaryDir();
    const held = await KeptRead.begin(dir, clock, { source: SOURCE, scns: ['1'] });
    expect(await KeptRead.takeOver(dir, clock, SOURCE)).toBeUndefined();
    await removeStaleReads(dir, tomorrow);
    expect(names(dir)).toHaveLength(1);
    await held.remove();
  });

  test.each([
    ['another source', clock, 'b'.repeat(64)],
    ['another day', tomorrow, SOURCE],
  ])('of %s nothing is used, and it is removed', async (_, at, source) => {
    const dir = await temporaryDir();
    await leftRead(dir);
    expect(await KeptRead.takeOver(dir, at, source)).toBeUndefined();
    expect(names(dir)).toEqual([]);
  });

  test('of two that fit one is used, the other removed', async () => {
    const dir = await temporaryDir();
    await leftRead(dir, '1');
    await leftRead(dir, '2');
    expect((await KeptRead.takeOver(dir, clock, SOURCE))?.scns).toHaveLength(1);
    expect(names(dir)).toHaveLength(1);
  });
});

describe('damage', () => {
  const folderOf = (dir: string) => path.join(dir, names(dir)[0] ?? '');

  test('a piece that is shorter than was written is read again', async () => {
    const dir = await temporaryDir();
    await leftRead(dir);
    truncateSync(path.join(folderOf(dir), 'arb_case-00002.rows'), 50);
    const kept = await KeptRead.takeOver(dir, clock, SOURCE);
    expect(kept?.view('ARB_CASE')?.pieces.map(({ index }) => index)).toEqual([0]);
  });

  test('a finished view whose file is not as it was is read again as a whole', async () => {
    const dir = await temporaryDir();
    await leftRead(dir);
    truncateSync(path.join(folderOf(dir), 'arb_org.parquet'), 3);
    const kept = await KeptRead.takeOver(dir, clock, SOURCE);
    expect(kept?.view('ARB_ORG')).toBeUndefined();
    expect(kept?.view('ARB_CASE')).toBeDefined();
  });

  test.each(['', '{"version":1', '{"version":2}', '[]'])(
    'a state file %j makes all of it useless',
    async (state) => {
      const dir = await temporaryDir();
      await leftRead(dir);
      const file = path.join(folderOf(dir), 'read.json');
      chmodSync(file, 0o600);
      writeFileSync(file, state);
      expect(await KeptRead.takeOver(dir, clock, SOURCE)).toBeUndefined();
      expect(names(dir)).toEqual([]);
    },
  );
});

test('the next day removes what nobody took over; the same day does not', async () => {
  const dir = await temporaryDir();
  await leftRead(dir);
  writeFileSync(path.join(dir, 'something-else'), '');
  await removeStaleReads(dir, clock);
  expect(names(dir)).toHaveLength(2);
  await removeStaleReads(dir, tomorrow);
  expect(names(dir)).toEqual(['something-else']);
});
