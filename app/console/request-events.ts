/** The progress of a command as events, read from the ledger and the logs of its runs while it goes on. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunRequest, requestState } from '../../pipelines/requests.ts';
import type { Service } from '../../pipelines/runtime/service.ts';

export interface ProgressEvent {
  readonly event: 'request' | 'step' | 'log' | 'end';
  readonly data: unknown;
}

const LOOK_MS = 500;
/** A page that watches longer than this asks again. */
const LONGEST_MS = 30 * 60_000;
const SLICE_BYTES = 64 * 1024;

interface Watch {
  /** What was told of each run. */
  readonly told: Map<string, { steps: string; logAt: number }>;
  lastRequest: string;
}

/** Events until the command has ended, the client has gone, or half an hour is over. */
export async function* requestEvents(
  service: Pick<Service, 'ledger' | 'home'>,
  id: string,
  { gone, shown }: { readonly gone: AbortSignal; shown(request: RunRequest): object },
): AsyncGenerator<ProgressEvent> {
  const watch: Watch = { told: new Map(), lastRequest: '' };
  const endMs = Date.now() + LONGEST_MS;
  while (!gone.aborted && Date.now() < endMs) {
    const request = await service.ledger.requests.find(id);
    if (request === undefined) return;
    yield* news(service, request, watch, shown);
    const state = requestState(request);
    if (state !== 'waiting' && state !== 'running') {
      yield { event: 'end', data: shown(request) };
      return;
    }
    // Not the service's clock: it is a process of its own that is waited for.
    await delay(LOOK_MS);
  }
}

async function* news(
  service: Pick<Service, 'ledger' | 'home'>,
  request: RunRequest,
  watch: Watch,
  shown: (request: RunRequest) => object,
): AsyncGenerator<ProgressEvent> {
  const data = shown(request);
  const now = JSON.stringify(data);
  if (now !== watch.lastRequest) yield { event: 'request', data };
  watch.lastRequest = now;
  for (const runId of request.runIds) {
    const told = watch.told.get(runId) ?? { steps: '', logAt: 0 };
    watch.told.set(runId, told);
    const run = await service.ledger.getRun(runId);
    const steps = (run?.steps ?? []).map(({ position, name, startedAt, finishedAt, rows }) => ({
      position,
      name,
      startedAt,
      finishedAt,
      rows,
    }));
    const text = JSON.stringify(steps);
    if (text !== told.steps) yield { event: 'step', data: { run: runId, steps } };
    told.steps = text;
    const { lines, next } = await logFrom(path.join(service.home.logs, `${runId}.log`), told.logAt);
    told.logAt = next;
    if (lines.length > 0) yield { event: 'log', data: { run: runId, lines } };
  }
}

/** Whole lines of a log from a position on. */
async function logFrom(file: string, from: number): Promise<{ lines: string[]; next: number }> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return { lines: [], next: from };
  try {
    const buffer = Buffer.alloc(SLICE_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, SLICE_BYTES, from);
    const lineEnd = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
    // A line longer than a slice is told in parts: else nothing after it would ever be.
    const end = lineEnd === 0 && bytesRead === SLICE_BYTES ? bytesRead : lineEnd;
    const lines = buffer
      .subarray(0, end)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    return { lines, next: from + end };
  } finally {
    await handle.close();
  }
}
