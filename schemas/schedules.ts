/** Schema of definitions/schedules.json: what the service runs, when, and what becomes of what it missed. */
import { z } from 'zod';
import { isRealDate } from './period.ts';

/** What a duty is about: the month before its day, the day before it, or nothing in particular. */
export const PERIOD_RULES = ['previous-month', 'previous-day', 'none'] as const;
export type PeriodRule = (typeof PERIOD_RULES)[number];

/** What becomes of what was missed while the service was down. */
export const MISSED_POLICIES = ['all', 'last', 'none'] as const;
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

interface JobCommand {
  /** The command, as it is typed. */
  readonly words: readonly string[];
  readonly periods: readonly PeriodRule[];
  /** Products of which it makes the period's publication. */
  readonly products: readonly string[];
  /** Whether `--as-of` a day of the period makes a draft that is never published. */
  readonly canRehearse: boolean;
}

/** What can be scheduled: the commands that do the month's work. Decisions of persons are not among them. */
export const JOB_COMMANDS = {
  monthly: {
    words: ['run', 'monthly'],
    periods: ['previous-month'],
    products: ['macro-monitoring', 'pre-application-comparison', 'national-platform'],
    canRehearse: true,
  },
  'macro-monitoring': {
    words: ['run', 'macro-monitoring'],
    periods: ['previous-month'],
    products: ['macro-monitoring'],
    canRehearse: true,
  },
  'pre-application-comparison': {
    words: ['run', 'pre-application-comparison'],
    periods: ['previous-month', 'previous-day'],
    products: ['pre-application-comparison'],
    canRehearse: true,
  },
  'national-platform': {
    words: ['run', 'national-platform'],
    periods: ['previous-month'],
    products: ['national-platform'],
    canRehearse: true,
  },
  submit: { words: ['submit'], periods: ['none'], products: [], canRehearse: false },
  'receipts-import': { words: ['receipts', 'import'], periods: ['none'], products: [], canRehearse: false },
  'cockpit-refresh': {
    words: ['run', 'cockpit-refresh'],
    periods: ['none'],
    products: [],
    canRehearse: false,
  },
  backup: { words: ['backup', 'create'], periods: ['none'], products: [], canRehearse: false },
  'backup-verify': { words: ['backup', 'verify'], periods: ['none'], products: [], canRehearse: false },
  'backup-drill': { words: ['backup', 'drill'], periods: ['none'], products: [], canRehearse: false },
} as const satisfies Record<string, JobCommand>;
export type JobPipeline = keyof typeof JOB_COMMANDS;
const PIPELINES = Object.keys(JOB_COMMANDS) as [JobPipeline, ...JobPipeline[]];

/** The command of a pipeline, with the types widened to what all have in common. */
export function jobCommand(pipeline: JobPipeline): JobCommand {
  return JOB_COMMANDS[pipeline];
}

/** What runs are called in the ledger: `run monthly` is one of monthly, `receipts import` one of receipts. */
export const RUN_PIPELINES: ReadonlySet<string> = new Set(
  PIPELINES.flatMap((name) => jobCommand(name).words.find((word) => word !== 'run') ?? []),
);

/** Every month of the calendars since 2010 has at least so many working days. */
const MOST_WORKING_DAYS = 15;
const workingDay = z
  .int(`must be a working day of the month, 1 to ${MOST_WORKING_DAYS}`)
  .min(1, `must be a working day of the month, 1 to ${MOST_WORKING_DAYS}`)
  .max(MOST_WORKING_DAYS, `must be a working day of the month, 1 to ${MOST_WORKING_DAYS}`);
const timeOfDay = z
  .string('must be a time of day such as "06:00"')
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "06:00"');
const day = z
  .string('must be a day such as "2026-12-01"')
  .refine(isRealDate, 'must be a day such as "2026-12-01"');

const workingDayRule = z.strictObject({ workingDay, at: timeOfDay });

/** A cron expression in Asia/Shanghai (runtime/cron checks it), or a working day of each month. */
const when = z.union([z.string(), workingDayRule], {
  error: `must be a cron expression such as "0 6 3 * *", or {"workingDay": 1 to ${MOST_WORKING_DAYS}, "at": "06:00"}`,
});

const dayOfMonth = z
  .int('must be a day of the month, 1 to 28')
  .min(1, 'must be a day of the month, 1 to 28')
  .max(28, 'must be a day of the month, 1 to 28');
const due = z.union(
  [
    z.strictObject({ workingDay, at: timeOfDay.optional() }),
    z.strictObject({ day: dayOfMonth, at: timeOfDay.optional() }),
  ],
  {
    error: `must be {"workingDay": 1 to ${MOST_WORKING_DAYS}} or {"day": 1 to 28} of the month after the period, with "at" for a time of day`,
  },
);
export type DueRule = z.infer<typeof due>;

/** What the service itself says to a command. */
const OWN_OPTIONS = /^--(home|json|period|from|to|as-of|help|version)(=|$)/;

const MOST_RETRIES = 20;
const retries = z.strictObject({
  /** Further attempts after the first one. */
  attempts: z
    .int(`must be 0 to ${MOST_RETRIES}`)
    .min(0, `must be 0 to ${MOST_RETRIES}`)
    .max(MOST_RETRIES, `must be 0 to ${MOST_RETRIES}`),
  /** Before the second attempt, the third …; the last one stands for all that follow. */
  backoffMinutes: z
    .array(z.number().min(0).max(1440), 'must be minutes, 0 to 1440 each, such as [10, 30, 60]')
    .min(1, 'must be minutes, 0 to 1440 each, such as [10, 30, 60]'),
});

const schedule = z
  .strictObject({
    /** The job's name, in commands and in the ledger: a job that gets another name is another job. */
    id: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'must be a name such as "monthly": a–z, 0–9 and hyphens'),
    /** Short Chinese name. */
    title: z.string().min(1),
    pipeline: z.enum(PIPELINES, { error: `must be one of ${PIPELINES.join(', ')}` }),
    /** Further words of the command, such as `["--channel", "head-office"]`. */
    arguments: z
      .array(
        z
          .string()
          .min(1)
          .refine((word) => !OWN_OPTIONS.test(word), 'is said by the service itself'),
      )
      .default([]),
    when,
    period: z.enum(PERIOD_RULES, { error: `must be one of ${PERIOD_RULES.join(', ')}` }),
    missed: z.enum(MISSED_POLICIES, { error: `must be one of ${MISSED_POLICIES.join(', ')}` }),
    retries: retries.default({ attempts: 3, backoffMinutes: [10, 30, 60] }),
    /** When the period's products must be out; without `at` by the end of that day. */
    due: due.optional(),
    /** So many days before, the period is run on the data of that day; a draft comes of it. */
    rehearsalDays: z.int().min(1).max(28).optional(),
    enabled: z.boolean().default(true),
    /** First and last day on which it runs. */
    from: day.optional(),
    until: day.optional(),
  })
  .superRefine((job, context) => {
    const { canRehearse, periods } = jobCommand(job.pipeline);
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!periods.includes(job.period)) {
      refuse('period', `${job.pipeline} runs for ${periods.join(' or ')}, not for ${job.period}`);
    }
    if (job.due !== undefined && job.period !== 'previous-month') {
      refuse('due', 'only a job with the period previous-month has a day by which it is due');
    }
    if (job.rehearsalDays !== undefined && !(canRehearse && job.period === 'previous-month')) {
      refuse('rehearsalDays', 'only a job that makes the products of the previous-month can be rehearsed');
    }
    if (job.from !== undefined && job.until !== undefined && job.from > job.until) {
      refuse('until', `must not be before from (${job.from})`);
    }
  });
export type Schedule = z.infer<typeof schedule>;

export const schedulesFile = z.strictObject({
  recordedAt: z.iso.date(),
  schedules: z.array(schedule).superRefine((jobs, context) => {
    for (const [index, { id }] of jobs.entries()) {
      if (jobs.findIndex((other) => other.id === id) < index)
        context.addIssue({ code: 'custom', path: [index, 'id'], message: `job ${id} stands twice` });
    }
  }),
});
export type SchedulesFile = z.infer<typeof schedulesFile>;
