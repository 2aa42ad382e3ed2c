/** schedules.json: what is refused, with the words that a person reads. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { dutyWords } from '../../pipelines/duty-command.ts';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { loadDefinitions, loadSchedules } from '../../pipelines/runtime/definitions.ts';
import { JOB_COMMANDS } from '../../schemas/schedules.ts';
import { arbdata } from '../app/support.ts';
import { errorOf, temporaryHome } from '../runtime/support/home.ts';

const JOB = {
  id: 'monthly',
  title: '月度',
  pipeline: 'monthly',
  when: '0 6 3 * *',
  period: 'previous-month',
  missed: 'all',
};

async function errorWith(...jobs: object[]): Promise<string> {
  const { definitions } = await temporaryHome();
  writeFileSync(
    path.join(definitions, 'schedules.json'),
    JSON.stringify({ recordedAt: '2026-11-23', schedules: jobs }),
  );
  const { code, message } = await errorOf(() => loadSchedules(definitions));
  expect(code).toBe('E_DEFINITION');
  return message.slice(message.indexOf('schedules.json'));
}

const WHEN = 'must be a cron expression such as "0 6 3 * *", or {"workingDay": 1 to 15, "at": "06:00"}';

describe('schedules.json', () => {
  test.each([
    [{ when: 'nonsense' }, 'when: "nonsense" is no cron expression: expected 5 or 6 fields but got 1'],
    [{ when: '* * * * * *' }, 'when: "* * * * * *" fires more often than once a minute'],
    [
      { when: { workingDay: 16, at: '06:00' } },
      'when.workingDay: must be a working day of the month, 1 to 15',
    ],
    [{ when: { workingDay: 3, at: '24:00' } }, 'when.at: must be a time of day such as "06:00"'],
    [{ when: 3 }, `when: ${WHEN}`],
    [{ when: { workingDay: 3 } }, `when: ${WHEN}`],
    [{ period: 'previous-week' }, 'period: must be one of previous-month, previous-day, none'],
    [{ period: 'none' }, 'period: monthly runs for previous-month, not for none'],
    [{ missed: 'some' }, 'missed: must be one of all, last, none'],
    [{ id: 'Monthly' }, 'id: must be a name such as "monthly": a–z, 0–9 and hyphens'],
    [{ pipeline: 'release' }, `pipeline: must be one of ${Object.keys(JOB_COMMANDS).join(', ')}`],
    [{ arguments: ['--period', '2026-10'] }, 'arguments.0: is said by the service itself'],
    [{ arguments: ['--home=/x'] }, 'arguments.0: is said by the service itself'],
    [{ retries: { attempts: 21, backoffMinutes: [1] } }, 'retries.attempts: must be 0 to 20'],
    [
      { retries: { attempts: 1, backoffMinutes: [] } },
      'retries.backoffMinutes: must be minutes, 0 to 1440 each, such as [10, 30, 60]',
    ],
    [{ due: { day: 31 } }, 'due.day: must be a day of the month, 1 to 28'],
    [
      { due: 3 },
      'due: must be {"workingDay": 1 to 15} or {"day": 1 to 28} of the month after the period, with "at" for a time of day',
    ],
    [{ from: '2026-02-30' }, 'from: must be a day such as "2026-12-01"'],
    [{ from: '2026-12-02', until: '2026-12-01' }, 'until: must not be before from (2026-12-02)'],
    [{ unknown: 1 }, 'Unrecognized key: "unknown"'],
  ])('%j', async (change, words) => {
    const said = await errorWith({ ...JOB, ...change });
    expect(said).toMatch(/^schedules\.json: schedules\.0/);
    expect(said.endsWith(words) ? words : said).toBe(words);
  });

  test('what fits only to months', async () => {
    const submit = { ...JOB, pipeline: 'submit', period: 'none' };
    expect(await errorWith({ ...submit, due: { day: 3 } })).toContain(
      'due: only a job with the period previous-month has a day by which it is due',
    );
    expect(await errorWith({ ...submit, rehearsalDays: 3 })).toContain(
      'rehearsalDays: only a job that makes the products of the previous-month can be rehearsed',
    );
    expect(await errorWith(JOB, { ...JOB })).toBe('schedules.json: schedules.1.id: job monthly stands twice');
  });

  test("the shipped file is valid; a home's own replaces it and does not change the hash of the definitions", async () => {
    const { definitions } = await temporaryHome();
    expect(loadSchedules(definitions).schedules.map(({ id }) => id)).toContain('monthly');
    const { sha256 } = loadDefinitions(definitions);
    writeFileSync(path.join(definitions, 'schedules.json'), '{"recordedAt":"2026-11-23","schedules":[]}');
    expect(loadSchedules(definitions).schedules).toEqual([]);
    expect(loadDefinitions(definitions)).toMatchObject({ sha256, overridden: [] });
  });

  test('every command exists in the command line', async () => {
    for (const { words } of Object.values(JOB_COMMANDS)) {
      const { code, stdout } = await arbdata(...words, '--help');
      expect([code, stdout.split('\n', 1)[0]]).toEqual([
        0,
        expect.stringMatching(new RegExp(`^Usage: arbdata ${words.join(' ')}\\b`)),
      ]);
    }
  });
});

test.each([
  ['regular', '2026-10', ['run', 'monthly', '--period', '2026-10', '--x']],
  // Before the month is over, its state of today; after it, that of its last day: a draft either way.
  ['rehearsal', '2026-11', ['run', 'monthly', '--period', '2026-11', '--as-of', '2026-11-28', '--x']],
  ['rehearsal', '2026-10', ['run', 'monthly', '--period', '2026-10', '--as-of', '2026-10-31', '--x']],
] as const)('the command of a %s duty about %s', (kind, period, words) => {
  const context = { clock: fixedClock('2026-11-28T06:00:00+08:00'), cutoffDay: 0 };
  const job = { pipeline: 'monthly' as const, period: 'previous-month' as const, arguments: ['--x'] };
  expect(dutyWords(job, { kind, period }, context)).toEqual(words);
});
