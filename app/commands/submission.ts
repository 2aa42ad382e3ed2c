/** receipts, submissions, explain record: what became of what was sent to a platform, and a person's word on it. */
import path from 'node:path';
import type { Command } from 'commander';
import { type ImportedReceipt, importReceipts, worstExit } from '../../pipelines/receipts.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import {
  type Batch,
  type ContentChange,
  declareLost,
  explainRecord,
  type RecordVersion,
  type RejectedRecord,
  releaseRecord,
  submission,
  submissions,
  unansweredOf,
} from '../../pipelines/submissions.ts';
import { examplesText, type Register } from '../register.ts';
import { type CommandResult, errorJson } from '../result.ts';
import { tableLines } from '../table.ts';

export function registerReceipts(program: Command, register: Register): void {
  const receipts = program
    .command('receipts')
    .description("a platform's answers")
    .addHelpText('after', examplesText(['arbdata receipts import ./inbox']));
  register(
    receipts
      .command('import <path>')
      .description(
        'read a receipt (JSON or XML), or every receipt-*.json and receipt-*.xml of a folder: each whole or not at all',
      ),
    async (service, _options, [given = '']) => {
      const { runId, receipts: read } = await importReceipts(service, given);
      return {
        json: { run: runId, receipts: read.map(receiptJson) },
        lines:
          read.length === 0
            ? [`There is no receipt in ${given}: no file is named receipt-*.json or receipt-*.xml.`]
            : [...read.flatMap(receiptLines), ...new Set(read.flatMap(({ error }) => error?.advice ?? []))],
        exit: worstExit(read),
      };
    },
    ['arbdata receipts import receipt-110000-ARB-202610-01.json', 'arbdata receipts import ./inbox --json'],
  );
}

function receiptJson({ error, ...rest }: ImportedReceipt): object {
  return error === undefined ? rest : { ...rest, error: JSON.parse(errorJson(error)) as unknown };
}

function receiptLines(one: ImportedReceipt): string[] {
  const name = path.basename(one.file);
  const notes = one.notes.map((note) => `  note: ${note}`);
  switch (one.state) {
    case 'failed':
      return [`${name}: NOT READ: ${one.error?.message ?? ''}`];
    case 'unchanged':
      return [`${name}: batch ${one.batch ?? ''}: nothing new`, ...notes];
    case 'read':
      return [
        `${name}: batch ${one.batch ?? ''}: ${one.accepted ?? 0} accepted, ${one.rejected ?? 0} rejected, ` +
          `${one.unanswered ?? 0} still unanswered; the batch is ${one.batchState ?? ''}`,
        ...notes,
        ...((one.rejected ?? 0) > 0 ? [`  see: npx arbdata submissions show ${one.batch ?? ''}`] : []),
      ];
    default:
      return one.state satisfies never;
  }
}

export function registerSubmissions(program: Command, register: Register): void {
  const command = program
    .command('submissions')
    .description('the batches built for the platforms, and what became of each');
  register(command, listSubmissions, ['arbdata submissions', 'arbdata submissions --json']);
  register(
    command
      .command('show <batch>')
      .description('deliveries, receipts and files of a batch, and the records that were rejected'),
    showSubmission,
    ['arbdata submissions show 110000-ARB-202610-01'],
  );
  register<{ reason: string }>(
    command
      .command('release <record>')
      .description('let a rejected record go out again with the next batch, as it is')
      .requiredOption('--reason <text>', 'why; recorded for good'),
    async (service, { reason }, [id = '']) => {
      const released = await releaseRecord(service, id, reason);
      const { recordId, batch } = released;
      return {
        json: released,
        lines: [
          `released ${recordId}, which batch ${batch} was rejected for: it goes out with the next batch`,
        ],
      };
    },
    ['arbdata submissions release 110000-100124 --reason "the platform has corrected its list of bodies"'],
  );
  register<{ reason: string }>(
    command
      .command('lost <batch>')
      .description(
        'declare a batch lost, or withdraw one that was never sent: its unanswered records go out again',
      )
      .requiredOption('--reason <text>', 'why; recorded for good'),
    async (service, { reason }, [name = '']) => {
      const lost = await declareLost(service, name, reason);
      const { batch, unanswered, wasSent } = lost;
      return {
        json: lost,
        lines: [
          wasSent
            ? `declared batch ${batch} lost: its ${unanswered} unanswered records go out with the next batch`
            : `withdrew batch ${batch}, which was never sent: its ${unanswered} records go out with the next batch`,
        ],
      };
    },
    ['arbdata submissions lost 110000-ARB-202610-01 --reason "the platform confirms that it never arrived"'],
  );
}

async function listSubmissions(service: Service): Promise<CommandResult> {
  const batches = await submissions(service);
  const count = (title: string, value: (batch: Batch) => number) => ({
    title,
    align: 'right' as const,
    value: (batch: Batch) => String(value(batch)),
  });
  return {
    json: { batches: batches.map(batchJson) },
    lines:
      batches.length === 0
        ? ['No batch was built yet: npx arbdata run national-platform --period YYYY-MM']
        : tableLines<Batch>(
            [
              { title: 'batch', value: ({ name }) => name },
              { title: 'period', value: ({ manifest }) => manifest.period },
              { title: 'state', value: ({ state }) => state },
              count('I', ({ manifest }) => manifest.counts.I),
              count('U', ({ manifest }) => manifest.counts.U),
              count('D', ({ manifest }) => manifest.counts.D),
              count('accepted', ({ accepted }) => accepted),
              count('rejected', ({ rejected }) => rejected),
              count('unanswered', unansweredOf),
              { title: 'last delivery', value: (batch) => deliveryText(batch.deliveries.at(-1)) },
              { title: 'last error', value: (batch) => errorText(batch.deliveries.at(-1)?.error ?? null) },
            ],
            batches,
          ),
  };
}

function batchJson(batch: Batch): object {
  const { name, product, manifest, state, accepted, rejected, deliveries, loss, dir } = batch;
  const last = deliveries.at(-1);
  return {
    batch: name,
    product,
    period: manifest.period,
    platformVersion: manifest.platformVersion,
    policy: manifest.policy,
    snapshot: manifest.snapshot,
    asOf: manifest.asOf,
    state,
    counts: manifest.counts,
    accepted,
    rejected,
    unanswered: unansweredOf(batch),
    lastDelivery: last === undefined ? null : deliveryJson(last),
    lost: loss ?? null,
    dir,
  };
}

type Delivery = Batch['deliveries'][number];

function deliveryJson({ error, ...rest }: Delivery): object {
  return { ...rest, error: error === null ? null : (JSON.parse(error) as unknown) };
}

function deliveryText(delivery: Delivery | undefined): string {
  if (delivery === undefined) return '—';
  const { state, channel, finishedAt, startedAt } = delivery;
  return `${state} by ${channel} ${(finishedAt ?? startedAt).slice(0, 19)}`;
}

function errorText(error: string | null): string {
  if (error === null) return '';
  const { code, message } = JSON.parse(error) as { readonly code?: string; readonly message?: string };
  return [code, message].filter((text) => text !== undefined).join(': ');
}

async function showSubmission(
  service: Service,
  _options: unknown,
  [name = '']: readonly string[],
): Promise<CommandResult> {
  const { batch, rejected, close } = await submission(service, name);
  const { manifest, deliveries, receipts, loss, folder } = batch;
  const files = folder.files.map(({ path: file, kind, sizeBytes, sha256 }) => ({
    file,
    kind,
    sizeBytes,
    sha256,
  }));
  return {
    json: { ...batchJson(batch), deliveries: deliveries.map(deliveryJson), receipts, files },
    lines: [
      `${batch.name} (${batch.product} ${manifest.platformVersion}, ${manifest.period}): ${batch.state}`,
      `  ${manifest.counts.records} records: ${manifest.counts.I} I, ${manifest.counts.U} U, ${manifest.counts.D} D; ` +
        `persons' data ${manifest.policy}; snapshot ${manifest.snapshot} as of ${manifest.asOf}`,
      `  ${batch.accepted} accepted, ${batch.rejected} rejected, ${unansweredOf(batch)} unanswered`,
      ...(loss === undefined
        ? []
        : [`  lost: ${loss.reason} (${loss.actor}, ${loss.declaredAt.slice(0, 19)})`]),
      `  ${batch.dir}`,
      '',
      ...(deliveries.length === 0 ? ['never sent'] : deliveries.flatMap(deliveryLines)),
      ...receipts.map(
        (one) =>
          `receipt ${one.name}: ${one.accepted} accepted, ${one.rejected} rejected; ` +
          `received ${one.receivedAt}, read ${one.importedAt.slice(0, 19)} by ${one.actor}`,
      ),
      ...files.map(
        ({ file, kind, sizeBytes, sha256 }) =>
          `file ${file}  ${sizeBytes} bytes${kind === 'package' ? `  SHA-256 ${sha256}` : ''}`,
      ),
      ...(batch.rejected === 0 ? [] : ['', 'rejected records']),
    ],
    stream: { key: 'rejectedRecords', rows: rejected(), line: (row) => rejectedLine(row as RejectedRecord) },
    close,
  };
}

function deliveryLines(delivery: Delivery): string[] {
  const { attempts, actor, runId } = delivery;
  const error = errorText(delivery.error);
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  return [
    `delivery ${deliveryText(delivery)}, ${tries}, by ${actor} in run ${runId}`,
    ...(error === '' ? [] : [`  ${error}`]),
  ];
}

function rejectedLine({ recordId, orgCode, op, code, message, released }: RejectedRecord): string {
  const words = [code, message].filter((text) => text !== null);
  return `${recordId}  ${orgCode}  ${op}  ${words.join(': ') || '—'}${released ? '  [released]' : ''}`;
}

/** `explain record ID`. */
export async function recordResult(service: Service, id: string): Promise<CommandResult> {
  const { record, standing, heldBack, versions } = await explainRecord(service, id);
  return {
    json: {
      record: record.record_id,
      case: record.case_id,
      standing,
      heldBatch: record.held_batch,
      lastResult: record.last_result,
      isWaiting: record.is_waiting,
      isReleased: record.is_released,
      heldBack: heldBack ?? null,
      versions: versions.map(versionJson),
    },
    lines: [`${record.record_id} (case ${record.case_id}): ${standing}`, ...versions.flatMap(versionLines)],
  };
}

function versionJson({ batch, content, deliveries, answer, release, ...rest }: RecordVersion): object {
  return {
    batch: batch.name,
    period: batch.manifest.period,
    ...rest,
    content: Object.fromEntries(content),
    deliveries: deliveries.map(deliveryJson),
    answer: answer ?? null,
    lost: batch.loss ?? null,
    release: release ?? null,
  };
}

const OP_WORDS = { I: 'insert', U: 'update', D: 'delete' } as const;

function versionLines(version: RecordVersion): string[] {
  const { batch, op, orgCode, fingerprint, content, changes, deliveries, release } = version;
  const last = deliveries.at(-1);
  return [
    '',
    `batch ${batch.name} (${batch.manifest.period}): ${op} ${OP_WORDS[op]}, body ${orgCode}` +
      (fingerprint === '' ? '' : `, content ${fingerprint.slice(0, 12)}`),
    ...(changes.length > 0
      ? changes.map(changeLine)
      : [...content].map(([field, value]) => `  ${field}: ${short(value)}`)),
    last === undefined ? '  never sent' : `  ${deliveryText(last)}`,
    ...answerLines(version),
    ...(batch.loss === undefined
      ? []
      : [`  the batch was declared lost by ${batch.loss.actor}: ${batch.loss.reason}`]),
    ...(release === undefined
      ? []
      : [`  released by ${release.actor} ${release.releasedAt.slice(0, 19)}: ${release.reason}`]),
  ];
}

function changeLine({ field, before, after }: ContentChange): string {
  const text = (value: string | null): string => (value === null ? '—' : short(value));
  return `  ${field}: ${text(before)} → ${text(after)}`;
}

function answerLines({ answer }: RecordVersion): string[] {
  if (answer === undefined) return ['  no answer yet'];
  const { result, code, message, receipt } = answer;
  const words = [code, message].filter((text) => text !== null);
  const from = receipt === undefined ? '' : ` (${receipt.name}, received ${receipt.receivedAt})`;
  return [`  ${result}${words.length === 0 ? '' : ` ${words.join(': ')}`}${from}`];
}

/** A hash is told by its beginning. */
function short(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, 12)}…` : value;
}
