/** The schedules: what runs when, what became of it, month by product. */
import { z } from 'zod';
import { grid, scheduleList } from '../../../pipelines/schedule.ts';
import { upTo } from '../fields.ts';
import { type Route, route, WORKERS } from '../route.ts';

const WATCHERS = [...WORKERS, 'system-admin'] as const;

export const SCHEDULE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/schedules',
    summary: 'Every job: its next times (Asia/Shanghai), the last result, what is late.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    answer: z.strictObject({
      jobs: z.array(z.looseObject({ id: z.string(), title: z.string(), state: z.string() })),
    }),
    handle: async ({ service }) => ({
      json: {
        jobs: (await scheduleList(service)).map(({ job, last, open, ...standing }) => ({
          id: job.id,
          title: job.title,
          pipeline: job.pipeline,
          when: job.when,
          ...standing,
          last: last === undefined ? null : dutyOf(last),
          open: open.map(dutyOf),
        })),
      },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/schedules/grid',
    summary: 'Month by product: ran, held, failed, late, not due.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    query: z.strictObject({ months: upTo(60) }),
    answer: z.strictObject({ rows: z.array(z.looseObject({})) }),
    handle: async ({ service }, { query: { months = 12 } }) => ({
      json: { rows: await grid(service, Math.max(1, months)) },
    }),
  }),
];

type Duty = NonNullable<Awaited<ReturnType<typeof scheduleList>>[number]['last']>;

/** A duty without its process. */
function dutyOf({
  kind,
  key,
  period,
  plannedAt,
  state,
  reason,
  requestedBy,
  attempts,
  runId,
  finishedAt,
}: Duty): object {
  return { kind, key, period, plannedAt, state, reason, requestedBy, attempts, runId, finishedAt };
}
