/** Which backups stay, by a reference that was written another way, and what must never go. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planRetention, type Retained } from '../../pipelines/steps/backup/retention.ts';

const POLICY = { daily: 7, weekly: 5, monthly: 12, yearly: 10 };
const NONE = { daily: 0, weekly: 0, monthly: 0, yearly: 0 };

const at = (day: number, hour = 6): string =>
  `${new Date(Date.UTC(2026, 0, 1) + day * 86_400_000).toISOString().slice(0, 10)} ${String(hour).padStart(2, '0')}:00:00.000`;
const one = (id: string, createdAt: string, more: Partial<Retained> = {}): Retained => ({
  id,
  group: 'state',
  createdAt,
  isGood: true,
  pinned: [],
  ...more,
});

test('two years of daily backups', () => {
  const all = Array.from({ length: 730 }, (_, day) => one(`B${String(day).padStart(4, '0')}`, at(day)));
  const { keep, remove } = planRetention(all, POLICY);
  expect(keep.length + remove.length).toBe(730);
  // 7 days, 5 ISO weeks, 12 months and 2 years, of which some are the same backup.
  expect(keep.length).toBeLessThanOrEqual(7 + 5 + 12 + 2);
  const last = keep.at(-1);
  expect(last?.because).toEqual(expect.arrayContaining(['last good one', 'daily 2027-12-31', 'yearly 2027']));
  const days = keep
    .filter(({ because }) => because.some((text) => text.startsWith('daily')))
    .map(({ id }) => id);
  expect(days).toEqual(['B0723', 'B0724', 'B0725', 'B0726', 'B0727', 'B0728', 'B0729']);
  const months = keep.flatMap(({ because }) => because.filter((text) => text.startsWith('monthly')));
  expect(months).toHaveLength(12);
  expect(keep.find(({ because }) => because.includes('monthly 2027-02'))?.id).toBe(
    `B${String(365 + 58).padStart(4, '0')}`,
  );
});

test('ISO weeks at the turn of years', () => {
  const days = ['2026-12-28', '2027-01-03', '2027-01-04', '2024-12-30', '2021-01-03'];
  const { keep } = planRetention(
    days.map((day, index) => one(`B${index}`, `${day} 06:00:00.000`)),
    { ...NONE, weekly: 9 },
  );
  const weeks = keep.flatMap(({ id, because }) =>
    because.filter((text) => text.startsWith('weekly')).map((text) => `${id} ${text}`),
  );
  // By `date +%G-W%V`: 2027-01-03 is in the week of 2026-12-28, and takes its place.
  expect(weeks.sort()).toEqual([
    'B1 weekly 2026-W53',
    'B2 weekly 2027-W01',
    'B3 weekly 2025-W01',
    'B4 weekly 2020-W53',
  ]);
});

describe('never', () => {
  const backups = fc.array(
    fc.record({
      group: fc.constantFrom('state', 'outputs', 'snapshot'),
      createdAt: fc.tuple(fc.nat(800), fc.nat(23)).map(([day, hour]) => at(day, hour)),
      isGood: fc.boolean(),
      pinned: fc.constantFrom<string[]>([], [], [], ['a publication refers to it']),
    }),
    { maxLength: 60 },
  );
  const policy = fc.record({ daily: fc.nat(9), weekly: fc.nat(6), monthly: fc.nat(14), yearly: fc.nat(3) });

  test('the last good one of a kind, a pinned one, a damaged one; and each backup is either kept or removed', () => {
    fc.assert(
      fc.property(backups, policy, (made, wanted) => {
        const all = made.map((backup, index) => ({ ...backup, id: `B${String(index).padStart(3, '0')}` }));
        const { keep, remove } = planRetention(all, wanted);
        expect([...keep.map(({ id }) => id), ...remove].sort()).toEqual(all.map(({ id }) => id));
        const gone = new Set(remove);
        for (const backup of all) {
          if (!backup.isGood || backup.pinned.length > 0) expect(gone.has(backup.id)).toBe(false);
        }
        for (const group of ['state', 'outputs', 'snapshot']) {
          const good = all.filter((backup) => backup.group === group && backup.isGood);
          const latest = good
            .map(({ createdAt }) => createdAt)
            .sort()
            .at(-1);
          if (latest !== undefined) {
            expect(good.some(({ id, createdAt }) => createdAt === latest && !gone.has(id))).toBe(true);
          }
          // The reference: the last good one of each of the latest n days.
          const days = [...new Set(good.map(({ createdAt }) => createdAt.slice(0, 10)))].sort().reverse();
          for (const day of days.slice(0, wanted.daily)) {
            expect(good.some(({ id, createdAt }) => createdAt.startsWith(day) && !gone.has(id))).toBe(true);
          }
        }
      }),
      { numRuns: 300, seed: 6 },
    );
  });
});
