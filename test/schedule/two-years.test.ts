/**
 * Two years by a clock that the test moves: downtime, edits, switched-off spans, China's holidays, under another time
 * zone of the machine. What ran is compared with a reference that shares no code with the scheduler.
 */
import { getDayDetail } from 'chinese-days';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Home } from '../../pipelines/runtime/home.ts';
import { Scheduler, type StartCommand } from '../../pipelines/scheduler.ts';
import { temporaryHome } from '../runtime/support/home.ts';
import { homesInMemory, serviceAt, type WrittenJob, writeSchedules } from './support/home.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const ms = (text: string): number => Date.parse(`${text.replace(' ', 'T')}:00+08:00`);
const stamp = (at: number): string =>
  new Date(at + 8 * 60 * MINUTE).toISOString().slice(0, 16).replace('T', ' ');

/** Judged before the zone is changed: under another one that list shifts a day. */
const workingDays2026 = new Set(
  Array.from({ length: 365 }, (_, day) => stamp(ms('2026-01-01 12:00') + day * DAY).slice(0, 10)).filter(
    (date) => getDayDetail(date).work,
  ),
);

homesInMemory();
const ownZone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'America/New_York';
});
afterAll(() => {
  if (ownZone === undefined) delete process.env.TZ;
  else process.env.TZ = ownZone;
});

// ── The reference: days of a calendar, one after the other ──────────────────────────────────────────────────────────

/** A job as the test writes it, with what it means said a second time, in other words. */
interface ReferenceJob {
  readonly written: WrittenJob;
  /** Times of day, `HH:MM`, on a day `YYYY-MM-DD`. */
  timesOn(date: string): readonly string[];
  key(date: string, time: string): string;
}

const isWorkingDay = (date: string): boolean => {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  // The other list ends with 2026 as well; what nobody has announced is Monday to Friday less 1 January.
  if (date >= '2027') return weekday !== 0 && weekday !== 6 && !date.endsWith('01-01');
  return workingDays2026.has(date);
};

function isNthWorkingDay(date: string, n: number): boolean {
  let found = 0;
  for (let day = 1; day <= Number(date.slice(8)); day += 1)
    if (isWorkingDay(`${date.slice(0, 8)}${String(day).padStart(2, '0')}`)) found += 1;
  return found === n && isWorkingDay(date);
}

const monthBefore = (date: string): string => stamp(ms(`${date.slice(0, 7)}-01 12:00`) - DAY).slice(0, 7);
const dayBefore = (date: string): string => stamp(ms(`${date} 12:00`) - DAY).slice(0, 10);
const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay();

function monthly(workingDay: number, at: string, missed: string, more: object = {}): ReferenceJob {
  return {
    written: {
      id: 'monthly',
      pipeline: 'monthly',
      when: { workingDay, at },
      period: 'previous-month',
      missed,
      ...more,
    },
    timesOn: (date) => (isNthWorkingDay(date, workingDay) ? [at] : []),
    key: monthBefore,
  };
}

function daily(at: string, missed: string, more: object = {}): ReferenceJob {
  const [hour, minute] = at.split(':').map(Number);
  return {
    written: {
      id: 'daily',
      pipeline: 'pre-application-comparison',
      when: `${minute} ${hour} * * *`,
      period: 'previous-day',
      missed,
      ...more,
    },
    timesOn: () => [at],
    key: dayBefore,
  };
}

function weekdays(missed: string, more: object = {}): ReferenceJob {
  return {
    written: {
      id: 'inbox',
      pipeline: 'receipts-import',
      when: '0 9,17 * * 1,4',
      period: 'none',
      missed,
      ...more,
    },
    timesOn: (date) => ([1, 4].includes(weekdayOf(date)) ? ['09:00', '17:00'] : []),
    key: (date, time) => `${date} ${time}:00`,
  };
}

function monthEnd(missed: string, more: object = {}): ReferenceJob {
  return {
    written: {
      id: 'month-end',
      pipeline: 'macro-monitoring',
      when: '30 23 L * *',
      period: 'previous-month',
      missed,
      ...more,
    },
    timesOn: (date) => (stamp(ms(`${date} 12:00`) + DAY).endsWith('-01 12:00') ? ['23:30'] : []),
    key: monthBefore,
  };
}

/** What happens to the service and to the file, in the order of time. */
type Happening =
  | { readonly at: number; readonly what: 'down' | 'up' }
  | { readonly at: number; readonly what: 'edit'; readonly jobs: readonly ReferenceJob[] };

/** Every `job key` that must run, at the minute at which it must. */
function reference(
  start: number,
  end: number,
  first: readonly ReferenceJob[],
  happenings: readonly Happening[],
) {
  const expected: string[] = [];
  const settled = new Map<string, 'ran' | 'not'>();
  let file = first;
  let inForce: readonly ReferenceJob[] = first;
  let isUp = true;
  let seenUntil = start;
  const look = (at: number): void => {
    for (const job of inForce) {
      const { id, enabled = true } = job.written;
      const now = file.find(({ written }) => written.id === id);
      const isOn = now !== undefined && now.written.enabled !== false;
      const due: { at: number; name: string }[] = [];
      for (let day = seenUntil - DAY; enabled === true && day <= at + DAY; day += DAY) {
        const date = stamp(day).slice(0, 10);
        for (const time of job.timesOn(date)) {
          const when = ms(`${date} ${time}`);
          if (when > seenUntil && when <= at && !due.some((one) => one.at === when))
            due.push({ at: when, name: `${id} ${job.key(date, time)}` });
        }
      }
      due.sort((a, b) => a.at - b.at);
      for (const [index, one] of due.entries()) {
        const isLast = index === due.length - 1;
        const policy = now?.written.missed;
        const runs = isOn && (policy === 'all' || (isLast && (policy === 'last' || at - one.at <= 90_000)));
        if (settled.get(one.name) === 'ran') continue;
        settled.set(one.name, runs ? 'ran' : 'not');
        if (runs) expected.push(`${stamp(at)} ${one.name}`);
      }
    }
    inForce = file;
    seenUntil = at;
  };
  const sorted = [...happenings].sort((a, b) => a.at - b.at);
  const everything = [...sorted, { at: end, what: 'end' as const }];
  for (const happening of everything) {
    // While it is up it looks every minute; a look that finds nothing changes nothing, so only days with times count.
    if (isUp) for (const at of timesBetween(inForce, seenUntil, happening.at - 1)) look(at);
    if (happening.what === 'down') {
      look(happening.at);
      isUp = false;
    }
    if (happening.what === 'edit') {
      if (isUp && happening.at > seenUntil) look(happening.at - MINUTE / 2);
      file = happening.jobs;
      if (isUp) look(happening.at);
    }
    if (happening.what === 'up' || (happening.what === 'end' && isUp)) {
      look(happening.at);
      isUp = true;
    }
  }
  return expected.toSorted();
}

function timesBetween(jobs: readonly ReferenceJob[], from: number, until: number): number[] {
  const found = new Set<number>();
  for (let day = from - DAY; day <= until + DAY; day += DAY) {
    const date = stamp(day).slice(0, 10);
    for (const job of jobs)
      for (const time of job.timesOn(date)) {
        const at = ms(`${date} ${time}`);
        if (at > from && at <= until) found.add(at);
      }
  }
  return [...found].sort((a, b) => a - b);
}

// ── The scheduler, driven from one instant that matters to the next ────────────────────────────────────────────────

async function drive(
  home: Home,
  start: number,
  end: number,
  first: readonly ReferenceJob[],
  happenings: readonly Happening[],
): Promise<string[]> {
  const write = (jobs: readonly ReferenceJob[]) =>
    writeSchedules(
      home,
      jobs.map(({ written }) => written),
    );
  write(first);
  const service = await serviceAt(home, new Date(start).toISOString());
  const { clock, ledger } = service;
  const ran: string[] = [];
  const startCommand: StartCommand = async (_words, token) => {
    await ledger.duties.claim(token);
    const duty = (await ledger.duties.list({ states: ['running'] })).find(({ id }) => id === token.id);
    ran.push(`${stamp(clock.now().getTime())} ${duty?.job} ${duty?.key}`);
    await ledger.duties.tell(token, { exit: 0 });
    return 0;
  };
  const fresh = () => new Scheduler(service, { startCommand, parallelRuns: 1, channels: [] });
  const settle = async (scheduler: Scheduler): Promise<void> => {
    // A run that ended makes room for the next: until nothing is due any more.
    for (let isDue = true; isDue; ) {
      await scheduler.look();
      await scheduler.quiet();
      const due = await ledger.duties.list({ states: ['due'] });
      isDue = due.some(
        ({ notBefore }) => notBefore === null || Date.parse(notBefore) <= clock.now().getTime(),
      );
    }
  };
  const moveTo = (at: number) => clock.advance(at - clock.now().getTime());
  try {
    let scheduler: Scheduler | undefined = fresh();
    await settle(scheduler);
    const sorted = [...happenings].sort((a, b) => a.at - b.at);
    for (const happening of [...sorted, { at: end, what: 'end' as const }]) {
      for (;;) {
        const next = scheduler?.nextOccurrenceMs();
        if (scheduler === undefined || next === undefined || next >= happening.at) break;
        moveTo(next);
        await settle(scheduler);
      }
      moveTo(happening.at);
      if (happening.what === 'down') {
        if (scheduler !== undefined) await settle(scheduler);
        scheduler = undefined;
      }
      if (happening.what === 'edit') write(happening.jobs);
      if (happening.what === 'up') scheduler = fresh();
      if (scheduler !== undefined) await settle(scheduler);
    }
    const open = await ledger.duties.list({ states: ['due', 'running'] });
    expect(open).toEqual([]);
  } finally {
    await ledger.close();
  }
  return ran;
}

const standard = () => [
  monthly(3, '06:00', 'all'),
  daily('06:30', 'last'),
  weekdays('none'),
  monthEnd('last'),
];
const names = (ran: readonly string[]) => ran.map((one) => one.slice(17));

describe('two years', () => {
  test('no run is missed and none doubled', async () => {
    const home = await temporaryHome();
    const start = ms('2026-01-01 00:00');
    const end = ms('2028-01-01 00:00');
    const span = (from: string, until: string): Happening[] => [
      { at: ms(from), what: 'down' },
      { at: ms(until), what: 'up' },
    ];
    const edit = (at: string, ...jobs: ReferenceJob[]): Happening => ({ at: ms(at), what: 'edit', jobs });
    const [month, day, inbox, close] = standard() as [ReferenceJob, ReferenceJob, ReferenceJob, ReferenceJob];
    const happenings: Happening[] = [
      // Over Spring Festival, with its working Saturdays, and over a month's run.
      ...span('2026-02-12 10:00', '2026-03-04 12:00'),
      // Up again within the minute and a half in which nothing counts as missed.
      ...span('2026-03-16 08:59', '2026-03-16 09:01'),
      // Three months at once: each month runs, the oldest first.
      ...span('2026-04-01 00:00', '2026-06-28 13:13'),
      // Later in the month than it ran already: the month is not run again.
      edit('2026-08-06 12:00', monthly(8, '06:00', 'all'), day, inbox, close),
      // From later to earlier, between the two: that month is not made up.
      edit('2026-10-13 12:00', monthly(2, '06:00', 'all'), day, inbox, close),
      // Switched off over two months, and on again: the past does not come back.
      edit(
        '2026-11-01 00:00',
        monthly(2, '06:00', 'all', { enabled: false }),
        daily('06:30', 'last', { enabled: false }),
        inbox,
        close,
      ),
      edit('2027-01-20 10:00', month, day, inbox, close),
      // Edited while it was down: what fell due until then is the former definition's.
      { at: ms('2027-02-01 00:00'), what: 'down' },
      edit(
        '2027-02-02 00:00',
        monthly(10, '20:00', 'last'),
        daily('22:00', 'all'),
        weekdays('last'),
        monthEnd('none'),
      ),
      { at: ms('2027-03-20 00:00'), what: 'up' },
      // Switched off while it was down: what waited is skipped.
      { at: ms('2027-05-01 00:00'), what: 'down' },
      edit(
        '2027-05-10 00:00',
        monthly(10, '20:00', 'last', { enabled: false }),
        daily('22:00', 'all'),
        weekdays('last'),
      ),
      { at: ms('2027-06-10 00:00'), what: 'up' },
      // Back again, month-end under its old name.
      edit('2027-07-01 00:00', month, day, inbox, close),
      ...span('2027-09-30 23:31', '2027-10-31 23:29'),
      ...span('2027-12-24 00:00', '2027-12-31 23:59'),
    ];
    const ran = await drive(home, start, end, standard(), happenings);
    expect(new Set(names(ran)).size).toBe(ran.length);
    expect(ran.toSorted()).toEqual(reference(start, end, standard(), happenings));
    expect(ran.length).toBeGreaterThan(500);
    // The oldest first.
    const caughtUp = ran.filter((one) => one.startsWith('2026-06-28') && one.includes(' monthly '));
    expect(names(caughtUp)).toEqual(['monthly 2026-03', 'monthly 2026-04', 'monthly 2026-05']);
  });

  test('whatever happens when', async () => {
    const start = ms('2026-01-20 00:00');
    const end = start + 70 * DAY;
    const policy = fc.constantFrom('all', 'last', 'none');
    const more = fc.constantFrom({}, {}, {}, { enabled: false });
    const jobs = fc
      .tuple(fc.integer({ min: 1, max: 12 }), policy, more, policy, more, policy, more)
      .chain(([day, a, b, c, d, e, f]) =>
        fc.subarray([monthly(day, '06:00', a, b), daily('06:30', c, d), weekdays(e, f), monthEnd(c, f)], {
          minLength: 2,
        }),
      );
    const happening = fc.record({
      at: fc.integer({ min: 1, max: 69 * 1440 }).map((minutes) => start + minutes * MINUTE + 17_000),
      jobs: fc.option(jobs, { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(jobs, fc.array(happening, { minLength: 1, maxLength: 8 }), async (first, drawn) => {
        const home = await temporaryHome();
        let isUp = true;
        const happenings: Happening[] = drawn
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, jobs: edited }) => {
            if (edited !== undefined) return { at, what: 'edit', jobs: edited };
            isUp = !isUp;
            return { at, what: isUp ? 'up' : 'down' };
          });
        if (!isUp) happenings.push({ at: end - MINUTE / 2, what: 'up' });
        const ran = await drive(home, start, end, first, happenings);
        expect(new Set(names(ran)).size).toBe(ran.length);
        expect(ran.toSorted()).toEqual(reference(start, end, first, happenings));
      }),
      { numRuns: 12 },
    );
  });
});
