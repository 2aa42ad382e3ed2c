/**
 * The one door to node-cron: what an expression means on a day, and the alarm clock that fires. Its own parser and
 * matcher answer both, so that what is computed for the past is what would have fired.
 */
import { createTask, parse, schedule, validateDetailed } from 'node-cron';

const TIMEZONE = 'Asia/Shanghai';

/** node-cron's own words must not stand between the lines of the log; what it would say is seen by the duties. */
const SILENT = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};

/** Why a text is no cron expression that can be scheduled; undefined where it is one. */
export function cronProblem(expression: string): string | undefined {
  const { valid, errors } = validateDetailed(expression);
  if (!valid) {
    const said = errors.map(({ field, message }) =>
      field === 'expression' ? message : `${field}: ${message}`,
    );
    return `${JSON.stringify(expression)} is no cron expression: ${said.join('; ')}`;
  }
  if (parse(expression).second.length > 1)
    return `${JSON.stringify(expression)} fires more often than once a minute`;
  return undefined;
}

interface CronDay {
  /** Times of day in their order, `HH:MM:SS`. */
  readonly times: readonly string[];
  matches(instant: Date): boolean;
}

const parsed = new Map<string, CronDay>();

/**
 * The times at which an expression fires on a day of Asia/Shanghai (`YYYY-MM-DD`), `HH:MM:SS`, in their order.
 * @param expression one in which cronProblem found nothing
 */
export function cronTimes(expression: string, date: string): readonly string[] {
  const { times, matches } = cronDay(expression);
  const [first] = times;
  return first !== undefined && matches(new Date(`${date}T${first}+08:00`)) ? times : [];
}

function cronDay(expression: string): CronDay {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const { hour, minute, second } = parse(expression);
  const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b).map(twoDigits);
  const times = sorted(hour).flatMap((hours) =>
    sorted(minute).flatMap((minutes) => sorted(second).map((seconds) => `${hours}:${minutes}:${seconds}`)),
  );
  const task = createTask(expression, () => undefined, { timezone: TIMEZONE, logger: SILENT });
  const day = { times, matches: (instant: Date) => task.match(instant) };
  parsed.set(expression, day);
  return day;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Wakes somebody up; a time that it misses is made up by the next, for the duties know what is due. */
export interface Alarm {
  /** Replace what wakes: expressions in Asia/Shanghai. */
  set(expressions: readonly string[]): void;
  stop(): void;
}

/** The alarm clock of node-cron. */
export function cronAlarm(wake: () => void): Alarm {
  let tasks: ReturnType<typeof schedule>[] = [];
  const stop = (): void => {
    for (const task of tasks) void task.destroy();
    tasks = [];
  };
  return {
    set: (expressions) => {
      stop();
      const options = { timezone: TIMEZONE, noOverlap: true, suppressMissedWarning: true, logger: SILENT };
      tasks = [...new Set(expressions)].map((expression) => schedule(expression, wake, options));
    },
    stop,
  };
}
