/** Runs with their logs and files, commands that somebody asks for, and approvals. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type ApprovalCase, approvalCase, approveRun } from '../../../pipelines/approvals.ts';
import { type Download, downloadsOf, isPersonal, openDownload } from '../../../pipelines/downloads.ts';
import { type RunRequest, requestState } from '../../../pipelines/requests.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';
import {
  day,
  fileId,
  month,
  nullableText,
  period,
  reason,
  requestId,
  runId,
  sha256,
  stamp,
  text,
  upTo,
} from '../fields.ts';
import { HttpProblem } from '../problem.ts';
import { requestEvents } from '../request-events.ts';
import { type Context, type Route, route, VIEWERS, WORKERS } from '../route.ts';

const WATCHERS = [...WORKERS, 'system-admin'] as const;
const LOG_CHARS = 256 * 1024;

const runRow = {
  id: text,
  pipeline: text,
  period: nullableText,
  actor: text,
  state: z.enum(['running', 'done', 'held', 'failed', 'interrupted']),
  snapshotId: nullableText,
  startedAt: stamp,
  finishedAt: nullableText,
  parameters: z.unknown(),
  summary: z.unknown(),
  error: z.strictObject({ code: text, message: text }).nullable(),
};
const step = z.strictObject({
  position: z.int(),
  name: text,
  startedAt: stamp,
  finishedAt: nullableText,
  rows: z.int().nullable(),
});
const file = z.strictObject({
  id: fileId,
  run: text,
  product: text,
  name: text,
  kind: text,
  sha256,
  sizeBytes: z.int(),
  isDraft: z.boolean(),
  body: nullableText,
});
type Row = Awaited<ReturnType<Service['ledger']['listRuns']>>[number];

/** A run without its process, and without what an error says of the inside. */
function shownRun({
  id,
  pipeline,
  period: of,
  actor,
  state,
  snapshotId,
  startedAt,
  finishedAt,
  parameters,
  summary,
  error,
}: Row): object {
  return {
    id,
    pipeline,
    period: of,
    actor,
    state,
    snapshotId,
    startedAt,
    finishedAt,
    parameters,
    summary,
    error: shownError(error),
  };
}

function shownError(error: unknown): object | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code: name, message } = error as { code?: unknown; message?: unknown };
  return { code: String(name ?? 'E_INTERNAL'), message: String(message ?? '') };
}

const shownFile = ({ roles: _roles, runId: run, ...shown }: Download): object => ({ ...shown, run });

/** Files that an account may have. */
function own({ principal, sight }: Context, files: readonly Download[]): Download[] {
  return files.filter(
    ({ roles, body }) =>
      principal.account.roles.some((role) => roles.includes(role)) &&
      (sight.body === undefined || sight.may(body)),
  );
}

async function requireRun({ ledger }: Service, id: string) {
  const run = await ledger.getRun(id);
  if (run === undefined) throw new HttpProblem('not-found');
  return run;
}

export const RUN_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/runs',
    summary: 'Runs, the latest first.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    query: z.strictObject({
      pipeline: z
        .string()
        .regex(/^[a-z-]{1,40}$/)
        .optional(),
      period: period.optional(),
      limit: upTo(500),
    }),
    answer: z.strictObject({ runs: z.array(z.strictObject(runRow)) }),
    handle: async ({ service }, { query: { limit = 50, pipeline, period: of } }) => {
      const filter = {
        limit,
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(of === undefined ? {} : { period: of }),
      };
      return { json: { runs: (await service.ledger.listRuns(filter)).map(shownRun) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/runs/:run',
    summary: 'A run with its steps, and the files of it that the account may have.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    params: z.strictObject({ run: runId }),
    answer: z.strictObject({ ...runRow, steps: z.array(step), files: z.array(file) }),
    handle: async (context, { params }) => {
      const run = await requireRun(context.service, params.run);
      const steps = run.steps.map(({ detail: _detail, ...shown }) => shown);
      return { json: { ...shownRun(run), steps, files: own(context, downloadsOf(run)).map(shownFile) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/runs/:run/log',
    summary: 'The end of the log of a run.',
    roles: ['analyst', 'operator', 'approver', 'system-admin'],
    scope: 'runs',
    shows: 'city',
    params: z.strictObject({ run: runId }),
    answer: z.strictObject({ run: text, lines: z.array(text), isWhole: z.boolean() }),
    handle: async ({ service }, { params }) => {
      const { id } = await requireRun(service, params.run);
      const log = await readFile(path.join(service.home.logs, `${id}.log`), 'utf8').catch(() => '');
      const isWhole = log.length <= LOG_CHARS;
      const lines = log
        .slice(-LOG_CHARS)
        .split('\n')
        .filter((line) => line !== '');
      return { json: { run: id, lines: isWhole ? lines : lines.slice(1), isWhole } };
    },
  }),
];

export const FILE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/files',
    summary: 'Files of the publications in force that the account may have.',
    roles: VIEWERS,
    scope: 'files',
    shows: 'own',
    query: z.strictObject({
      period: period.optional(),
      product: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,40}$/)
        .optional(),
    }),
    answer: z.strictObject({
      publications: z.array(
        z.strictObject({
          product: text,
          period: text,
          revision: z.int(),
          publishedAt: nullableText,
          files: z.array(file),
        }),
      ),
    }),
    handle: async (context, { query }) => {
      const { ledger } = context.service;
      const inForce = (await ledger.publications(query.product)).filter(
        ({ state, period: of }) => state === 'published' && (query.period ?? of) === of,
      );
      const publications = await Promise.all(
        inForce.map(async ({ product, period: of, revision, publishedAt, runId: made }) => {
          const run = await ledger.getRun(made);
          const files =
            run === undefined
              ? []
              : own(
                  context,
                  downloadsOf(run).filter((one) => one.product === product && !one.isDraft),
                );
          return { product, period: of, revision, publishedAt, files: files.map(shownFile) };
        }),
      );
      return { json: { publications } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/files/:run/:file',
    summary: 'One file, as it was recorded; each download is in the audit record.',
    roles: VIEWERS,
    scope: 'files',
    shows: 'own',
    params: z.strictObject({ run: runId, file: fileId }),
    media: 'application/octet-stream',
    handle: async (context, { params }) => {
      const { service } = context;
      const run = await requireRun(service, params.run);
      const found = own(context, downloadsOf(run)).find(({ id }) => id === params.file);
      if (found === undefined) throw new HttpProblem('not-found');
      const opened = await openDownload(service, found);
      await service.ledger.appendAudit({
        actor: service.actor,
        action: isPersonal(found) ? 'personal.download' : 'file.download',
        subject: `${run.id}/${found.name}`,
        detail: { product: found.product, sha256: found.sha256, period: run.period },
      });
      return { file: { file: opened, name: path.posix.basename(found.name), sizeBytes: found.sizeBytes } };
    },
  }),
];

const asOf = day.optional();
const command = z.discriminatedUnion('pipeline', [
  z.strictObject({ pipeline: z.enum(['monthly', 'macro-monitoring']), period: period.optional(), asOf }),
  z.strictObject({ pipeline: z.literal('cockpit-refresh'), asOf }),
  z.strictObject({ pipeline: z.literal('national-platform'), period: month.optional(), asOf }),
  z.strictObject({ pipeline: z.literal('pre-application-comparison'), period: period.optional(), asOf }),
  z.strictObject({ pipeline: z.literal('pre-application-comparison-days'), from: day, to: day, asOf }),
]);
type Command = z.infer<typeof command>;

/** The words of a command: every one of them is ours or was held against a pattern. */
function wordsOf(wanted: Command): string[] {
  const at = wanted.asOf === undefined ? [] : ['--as-of', wanted.asOf];
  if (wanted.pipeline === 'pre-application-comparison-days') {
    return ['run', 'pre-application-comparison', '--from', wanted.from, '--to', wanted.to, ...at];
  }
  const of = 'period' in wanted && wanted.period !== undefined ? ['--period', wanted.period] : [];
  return ['run', wanted.pipeline, ...of, ...at];
}

const shownRequest = z.strictObject({
  id: requestId,
  actor: text,
  words: z.array(text),
  state: z.enum(['waiting', 'running', 'done', 'held', 'failed']),
  requestedAt: stamp,
  finishedAt: nullableText,
  error: z.strictObject({ code: text, message: text }).nullable(),
  runIds: z.array(text),
});

function requestOf(request: RunRequest): object {
  const { id, actor, words, requestedAt, finishedAt, error, runIds } = request;
  return {
    id,
    actor,
    words,
    state: requestState(request),
    requestedAt,
    finishedAt,
    error: shownError(error),
    runIds,
  };
}

async function requireRequest({ ledger }: Service, id: string): Promise<RunRequest> {
  const request = await ledger.requests.find(id);
  if (request === undefined) throw new HttpProblem('not-found');
  return request;
}

const oneRequest = z.strictObject({ request: requestId });

export const REQUEST_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/requests',
    summary: 'Start a run; it goes on as a process of its own, for the signed-in account.',
    roles: ['operator'],
    scope: 'runs:start',
    shows: 'city',
    body: command,
    answer: z.strictObject({ request: requestId }),
    handle: async ({ runner, principal }, { body: wanted }) => ({
      status: 202,
      json: { request: await runner.start(principal.actor, wordsOf(wanted)) },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/requests',
    summary: 'Commands that were asked for, the latest first.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    query: z.strictObject({ limit: upTo(200) }),
    answer: z.strictObject({ requests: z.array(shownRequest) }),
    handle: async ({ service }, { query: { limit = 20 } }) => ({
      json: { requests: (await service.ledger.requests.list(limit)).map(requestOf) },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/requests/:request',
    summary: 'How a command stands.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    params: oneRequest,
    answer: shownRequest,
    handle: async ({ service }, { params }) => ({
      json: requestOf(await requireRequest(service, params.request)),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/requests/:request/events',
    summary: 'The progress of a command as server-sent events: `request`, `step`, `log`, at last `end`.',
    roles: WATCHERS,
    scope: 'runs',
    shows: 'city',
    params: oneRequest,
    media: 'text/event-stream',
    handle: async ({ service, gone }, { params }) => {
      const { id } = await requireRequest(service, params.request);
      return { events: requestEvents(service, id, { gone, shown: requestOf }) };
    },
  }),
];

const approvalAnswer = z.strictObject({
  run: z.strictObject({
    id: text,
    pipeline: text,
    period: nullableText,
    state: text,
    actor: text,
    snapshotId: nullableText,
    summary: z.unknown(),
  }),
  artefacts: z.array(file),
  artefactsSha256: sha256,
  approvals: z.array(
    z.strictObject({ actor: text, artefactsSha256: sha256, reason: text, approvedAt: stamp }),
  ),
  canApprove: z.boolean(),
});

function shownApproval(
  { run, artefacts, artefactsSha256, approvals, obstacle }: ApprovalCase,
  mayApprove: boolean,
): object {
  const { id, pipeline, period: of, state, actor, snapshotId, summary } = run;
  return {
    run: { id, pipeline, period: of, state, actor, snapshotId, summary },
    artefacts: artefacts.map(shownFile),
    artefactsSha256,
    approvals: approvals.map(({ runId: _run, ...approval }) => approval),
    canApprove: mayApprove && obstacle === undefined,
  };
}

export const APPROVAL_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/runs/:run/approval',
    summary: 'The files of a held run with the hash that an approval is about, and who approved it.',
    roles: WORKERS,
    scope: 'runs',
    shows: 'city',
    params: z.strictObject({ run: runId }),
    answer: approvalAnswer,
    handle: async ({ service, principal }, { params }) => ({
      json: shownApproval(
        await approvalCase(service, params.run),
        principal.account.roles.includes('approver'),
      ),
    }),
  }),
  route({
    method: 'POST',
    path: '/api/runs/:run/approval',
    summary: 'Approve the files of a held run by their hash, and release it; never by who ran it.',
    roles: ['approver'],
    shows: 'city',
    params: z.strictObject({ run: runId }),
    body: z.strictObject({ artefactsSha256: sha256, reason }),
    answer: z.strictObject({ request: requestId }),
    handle: async ({ service, runner, principal }, { params, body: wanted }) => {
      await approveRun(service, { runId: params.run, ...wanted });
      // With `=`, a reason that begins with a hyphen is still a reason.
      const words = ['runs', 'release', params.run, `--reason=${wanted.reason}`];
      return { status: 202, json: { request: await runner.start(principal.actor, words) } };
    },
  }),
];
