/** Whether a deadline rests on a day whose arrangement is not known, also where it moves into another year. */
import { expect, test } from 'vitest';
import { monthWindowSql } from '../../pipelines/steps/macro-monitoring/windows.ts';
import { buildFacts } from '../../pipelines/steps/model/build.ts';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import { parsePeriod, periodRange } from '../../schemas/period.ts';
import { addRow, definitions, withRaw } from '../validate/support.ts';

const PERIOD = parsePeriod('2024-01');

/** The deadline of a case accepted on a day, and whether it is provisional, where some years are not known. */
async function deadlineOf(
  accepted: string,
  unknown: readonly string[],
): Promise<{ day: string; flag: number }> {
  const known = Object.entries(definitions.workingDays.years).filter(([year]) => !unknown.includes(year));
  const workingDays = { ...definitions.workingDays, years: Object.fromEntries(known) };
  return withRaw(async (engine) => {
    await addRow(engine, 'ARB_CASE', { CASE_ID: '1', ACCEPT_DATE: accepted, DELETED: '0' });
    await normalise(engine, {
      definitions: { ...definitions, workingDays },
      asOf: '2024-02-05',
      ...periodRange(PERIOD),
    });
    await engine.run(monthWindowSql(PERIOD, 0));
    await buildFacts(engine);
    return engine.one(
      'SELECT day_text(deadline_day) AS day, deadline_is_provisional AS flag FROM case_fact WHERE case_id = 1',
    );
  });
}

test.each([
  // 2023-12-31 is a Sunday; 1 January is a holiday in any year.
  ['2023-11-16', [], '2024-01-02', 0],
  ['2023-11-16', ['2024'], '2024-01-02', 1],
  ['2023-11-16', ['2023'], '2024-01-02', 1],
  ['2023-11-14', ['2024'], '2023-12-29', 0],
] as const)('accepted on %s, %j unknown: %s, provisional %i', async (accepted, unknown, day, flag) => {
  expect(await deadlineOf(accepted, unknown)).toEqual({ day, flag });
});
