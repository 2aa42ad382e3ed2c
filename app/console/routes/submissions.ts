/** What was built for the national platform, and what became of it. */
import { z } from 'zod';
import { findBatch, platformProducts } from '../../../pipelines/batches.ts';
import { type Batch, submission, submissions, unansweredOf } from '../../../pipelines/submissions.ts';
import { body, nullableText, pageOf, paging, stamp, text } from '../fields.ts';
import { type Route, route, VIEWERS, WORKERS } from '../route.ts';

const batchName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$/);
const shownBatch = {
  batch: text,
  product: text,
  period: text,
  platformVersion: text,
  state: text,
  asOf: text,
  counts: z.strictObject({ records: z.int(), I: z.int(), U: z.int(), D: z.int() }),
  accepted: z.int(),
  rejected: z.int(),
  unanswered: z.int(),
  lost: z.strictObject({ reason: text, actor: text, declaredAt: stamp }).nullable(),
};
const delivery = z.strictObject({
  channel: text,
  state: text,
  attempts: z.int(),
  startedAt: stamp,
  finishedAt: nullableText,
  actor: text,
  packageSha256: text,
});
const receipt = z.strictObject({
  batch: text,
  name: text,
  sha256: text,
  receivedAt: text,
  accepted: z.int(),
  rejected: z.int(),
  actor: text,
  importedAt: stamp,
});

function batchOf({ name, product, manifest, state, accepted, rejected, loss, ...rest }: Batch): object {
  const { period, platformVersion, asOf, counts } = manifest;
  const unanswered = unansweredOf({ name, product, manifest, state, accepted, rejected, loss, ...rest });
  const { records, I, U, D } = counts;
  const lost =
    loss === undefined ? null : { reason: loss.reason, actor: loss.actor, declaredAt: loss.declaredAt };
  return {
    batch: name,
    product,
    period,
    platformVersion,
    state,
    asOf,
    counts: { records, I, U, D },
    accepted,
    rejected,
    unanswered,
    lost,
  };
}

const deliveryOf = ({
  channel,
  state,
  attempts,
  startedAt,
  finishedAt,
  actor,
  packageSha256,
}: Batch['deliveries'][number]): object => ({
  channel,
  state,
  attempts,
  startedAt,
  finishedAt,
  actor,
  packageSha256,
});
const receiptOf = ({
  batch,
  name,
  sha256,
  receivedAt,
  accepted,
  rejected,
  actor,
  importedAt,
}: Batch['receipts'][number]): object => ({
  batch,
  name,
  sha256,
  receivedAt,
  accepted,
  rejected,
  actor,
  importedAt,
});

export const SUBMISSION_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/submissions',
    summary: 'The batches built for the platforms, and what became of each.',
    roles: WORKERS,
    scope: 'submissions',
    shows: 'city',
    answer: z.strictObject({ batches: z.array(z.strictObject(shownBatch)) }),
    handle: async ({ service }) => ({ json: { batches: (await submissions(service)).map(batchOf) } }),
  }),
  route({
    method: 'GET',
    path: '/api/submissions/:batch',
    summary: 'A batch with its deliveries and receipts.',
    roles: WORKERS,
    scope: 'submissions',
    shows: 'city',
    params: z.strictObject({ batch: batchName }),
    answer: z.strictObject({ ...shownBatch, deliveries: z.array(delivery), receipts: z.array(receipt) }),
    handle: async ({ service }, { params }) => {
      const batch = await findBatch(service, platformProducts(service), params.batch);
      const { deliveries, receipts } = batch;
      return {
        json: {
          ...batchOf(batch),
          deliveries: deliveries.map(deliveryOf),
          receipts: receipts.map(receiptOf),
        },
      };
    },
  }),
  route({
    method: 'GET',
    path: '/api/submissions/:batch/rejected',
    summary: 'The records of a batch that the platform did not take.',
    roles: VIEWERS,
    scope: 'submissions',
    shows: 'own',
    params: z.strictObject({ batch: batchName }),
    query: z.strictObject({ body: body.optional(), ...paging }),
    answer: z.strictObject({
      batch: text,
      records: z.array(
        z.strictObject({
          recordId: text,
          caseId: text,
          op: text,
          orgCode: text,
          code: nullableText,
          message: nullableText,
          released: z.boolean(),
        }),
      ),
      hasMore: z.boolean(),
    }),
    handle: async ({ service, sight }, { params, query }) => {
      const wanted = query.body === 'ALL' ? undefined : query.body;
      const { batch, rejected, close } = await submission(service, params.batch);
      try {
        const page = await pageOf(only(rejected(), wanted ?? sight.body), query);
        return { json: { batch: batch.name, records: page.rows, hasMore: page.hasMore } };
      } finally {
        close();
      }
    },
  }),
  route({
    method: 'GET',
    path: '/api/receipts',
    summary: 'The receipts of the platforms in the order of their reading.',
    roles: WORKERS,
    scope: 'submissions',
    shows: 'city',
    answer: z.strictObject({ receipts: z.array(receipt) }),
    handle: async ({ service }) => ({ json: { receipts: (await service.ledger.receipts()).map(receiptOf) } }),
  }),
];

async function* only<T extends { readonly orgCode: string }>(
  rows: AsyncIterable<T>,
  org: string | undefined,
): AsyncGenerator<T> {
  for await (const row of rows) if (org === undefined || row.orgCode === org) yield row;
}
