/** What is being done, how far it is, how fast, and how long it will take. */
import type { Terminal } from './log.ts';

export interface StepOptions {
  /** What is counted, in the plural: `rows`, `files`. */
  readonly unit?: string | undefined;
  /** How many there will be, where that is known. */
  readonly total?: number | undefined;
  /** Share that is done, 0 to 1, for work that reports no counts (a statement of the engine). */
  readonly poll?: (() => number | undefined) | undefined;
}

export interface ProgressStep {
  /** So many more are done. */
  advance(count: number): void;
  /** The step is finished; `count` replaces what was counted. */
  done(count?: number): void;
  /** The step ends without a result. */
  fail(): void;
}

export interface Progress {
  step(name: string, options?: StepOptions): ProgressStep;
}

/** A progress that says nothing. */
export const silentProgress: Progress = {
  step: () => ({ advance: () => undefined, done: () => undefined, fail: () => undefined }),
};

const SAMPLE_MS = 200;
const PLAIN_LINE_MS = 5_000;
const BAR_WIDTH = 20;

/** How a step stands; what both forms of progress are made from. */
export interface Standing {
  readonly name: string;
  readonly unit: string;
  readonly total: number | undefined;
  readonly count: number;
  readonly share: number | undefined;
  readonly elapsedMs: number;
}

/**
 * Progress on a terminal: one bar per running step, the latest one shown, and a line when it ends; elsewhere
 * plain lines at the start, at most every 5 s, and at the end.
 * @param nowMs a clock that only moves forward, in milliseconds
 */
export function createProgress(terminal: Terminal, nowMs: () => number = () => performance.now()): Progress {
  const running: Step[] = [];
  const draw = (): void => {
    const latest = running.at(-1);
    terminal.bar(latest === undefined ? undefined : barLine(latest.standing(), terminal.columns));
  };
  return {
    step: (name, options = {}) => {
      const step = new Step(name, options, nowMs, {
        changed: terminal.isTty ? draw : () => terminal.line(plainLine(step.standing())),
        ended: (line) => {
          running.splice(running.indexOf(step), 1);
          draw();
          terminal.line(line);
        },
        everyMs: terminal.isTty ? SAMPLE_MS : PLAIN_LINE_MS,
      });
      running.push(step);
      if (terminal.isTty) draw();
      else terminal.line(`${name}: started`);
      return step;
    },
  };
}

interface StepListener {
  readonly changed: () => void;
  readonly ended: (line: string) => void;
  readonly everyMs: number;
}

class Step implements ProgressStep {
  readonly #name: string;
  readonly #options: StepOptions;
  readonly #nowMs: () => number;
  readonly #listener: StepListener;
  readonly #startedMs: number;
  readonly #timer: NodeJS.Timeout;
  #shownMs: number;
  #count = 0;
  #ended = false;

  constructor(name: string, options: StepOptions, nowMs: () => number, listener: StepListener) {
    this.#name = name;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#listener = listener;
    this.#startedMs = nowMs();
    this.#shownMs = this.#startedMs;
    this.#timer = setInterval(() => this.#show(), SAMPLE_MS);
    this.#timer.unref();
  }

  advance(count: number): void {
    this.#count += count;
    // Work that does not return to the event loop would otherwise never be shown.
    this.#show();
  }

  done(count?: number): void {
    this.#count = count ?? this.#count;
    this.#end(endLine(this.standing()));
  }

  fail(): void {
    this.#end(`${this.#name}: stopped after ${duration(this.#nowMs() - this.#startedMs)}`);
  }

  standing(): Standing {
    return {
      name: this.#name,
      unit: this.#options.unit ?? '',
      total: this.#options.total,
      count: this.#count,
      share: this.#share(),
      elapsedMs: this.#nowMs() - this.#startedMs,
    };
  }

  #show(): void {
    const now = this.#nowMs();
    if (this.#ended || now - this.#shownMs < this.#listener.everyMs) return;
    this.#shownMs = now;
    this.#listener.changed();
  }

  #end(line: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#listener.ended(line);
  }

  #share(): number | undefined {
    const { total, poll } = this.#options;
    try {
      const share = total !== undefined && total > 0 ? this.#count / total : poll?.();
      return share === undefined || Number.isNaN(share) ? undefined : Math.min(Math.max(share, 0), 1);
    } catch {
      // The engine may close between two samples.
      return undefined;
    }
  }
}

/** The changing line of a terminal, never wider than it. */
export function barLine(standing: Standing, columns: number): string {
  const { share } = standing;
  const filled = Math.round((share ?? 0) * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${(share === undefined ? ' ' : '-').repeat(BAR_WIDTH - filled)}]`;
  const percent = share === undefined ? '' : `${Math.floor(share * 100)} %`;
  return clip(
    [standing.name, bar, percent, ...figures(standing)].filter((part) => part !== '').join('  '),
    columns - 1,
  );
}

/** One line in the middle of a step, where there is no terminal. */
export function plainLine(standing: Standing): string {
  const percent = standing.share === undefined ? '' : `${Math.floor(standing.share * 100)} %`;
  const parts = [percent, ...figures(standing)].filter((part) => part !== '');
  return `${standing.name}: ${parts.length === 0 ? `running for ${duration(standing.elapsedMs)}` : parts.join(', ')}`;
}

function endLine({ name, unit, count, elapsedMs }: Standing): string {
  const took = duration(elapsedMs);
  if (unit === '') return `${name}: done in ${took}`;
  return `${name}: ${grouped(count)} ${unit} in ${took}, ${grouped(perSecond(count, elapsedMs))} ${unit}/s`;
}

function figures({ unit, count, total, share, elapsedMs }: Standing): string[] {
  const counted = unit !== '' && count > 0;
  return [
    counted ? `${grouped(count)}${total === undefined ? '' : ` of ${grouped(total)}`} ${unit}` : '',
    counted ? `${grouped(perSecond(count, elapsedMs))} ${unit}/s` : '',
    share === undefined || share === 0 ? '' : `${duration((elapsedMs * (1 - share)) / share)} left`,
  ];
}

function perSecond(count: number, elapsedMs: number): number {
  return Math.round((count * 1000) / Math.max(elapsedMs, 1));
}

/** `3.2 s`, `2 min 05 s`, `1 h 02 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`;
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Cut a line to a width in cells; a Chinese character takes two. */
function clip(text: string, cells: number): string {
  let width = 0;
  let end = 0;
  for (const character of text) {
    width +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u.test(
        character,
      )
        ? 2
        : 1;
    if (width > cells) break;
    end += character.length;
  }
  return text.slice(0, end);
}
