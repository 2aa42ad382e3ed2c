/** The schedules: what runs when, what became of it, month by product. */
import { z } from 'zod';
import { canRehearse, grid, requireJob, scheduleList } from '../../../pipelines/schedule.ts';
import { day, month, requestId, upTo } from '../fields.ts';
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
          period: job.period,
          canRehearse: canRehearse(job),
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
  route({
    method: 'POST',
    path: '/api/schedules/:job/run',
    summary: 'Run a job now, the way the service does; it goes on as a process of its own, for the account.',
    // No scope: a job may send to the platform, which takes a person.
    roles: ['operator'],
    shows: 'city',
    params: z.strictObject({ job: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/) }),
    body: z.strictObject({ period: z.union([month, day]).optional(), isRehearsal: z.boolean().optional() }),
    answer: z.strictObject({ request: requestId }),
    handle: async ({ service, runner, principal }, { params, body: { period, isRehearsal = false } }) => {
      const { job } = requireJob(service, params.job);
      const of = period === undefined ? [] : ['--period', period];
      const words = ['schedule', 'run', job.id, ...of, ...(isRehearsal ? ['--rehearsal'] : [])];
      return { status: 202, json: { request: await runner.start(principal.actor, words) } };
    },
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
