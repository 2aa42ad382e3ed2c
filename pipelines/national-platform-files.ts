/** The files of a batch: package, schema, kept records, workbook, the bodies' lists; placed as a publication or a draft. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { batchXsd } from '../exports/batch-xsd.ts';
import { draftNotice, NOTICE_NAME } from '../exports/notice.txt.ts';
import { PackageWriter, type PackedFile } from '../exports/package.zip.ts';
import { writeHeldXlsx, writeSubmissionXlsx } from '../exports/submission.xlsx.ts';
import { WHOLE_CODE } from '../schemas/dataset.ts';
import { fileForm, periodWords } from '../schemas/period.ts';
import type { BatchManifest } from '../schemas/submission.ts';
import type { SubmissionBody, SubmissionReport, TieOut } from '../schemas/submission-report.ts';
import type { SubmissionOutcome, SubmissionRequest } from './national-platform.ts';
import type { Terms } from './platform-terms.ts';
import type { PreparedSnapshot } from './prepare.ts';
import { type Decision, type ProductRun, placeProduct, provenanceOf, proveRelease } from './product.ts';
import { encryptFile } from './runtime/encryption.ts';
import { ensureDir, fileNamePart, writeFileAtomic, writing } from './runtime/files.ts';
import type { RunContext } from './runtime/run.ts';
import type { Figures } from './steps/macro-monitoring/figures.ts';
import { type Artefact, hashArtefacts } from './steps/publish/folder.ts';
import type { HoldReason } from './steps/publish/hold.ts';
import { BATCH_FILE, HELD_BACK_FILE, RECORDS_FOLDER } from './steps/submit/batch.ts';
import { withSliceLimit } from './steps/submit/engine-limit.ts';
import { recordsFiles } from './steps/submit/package.ts';
import { writeHeldBack } from './steps/submit/records.ts';
import { heldRecords, rejectedRecords } from './steps/submit/report.ts';

const HELD_FOLDER = '待补正';
const SUMMARY_INDICATORS = ['A02', 'C01', 'B01'] as const;

export interface ComputedSubmission {
  readonly product: string;
  readonly prepared: PreparedSnapshot;
  readonly request: SubmissionRequest;
  readonly terms: Terms;
  readonly figures: Figures;
  /** In their order, the whole last. */
  readonly bodies: readonly SubmissionBody[];
  readonly counts: BatchManifest['counts'];
  readonly tieOut: TieOut;
  readonly reasons: readonly HoldReason[];
  readonly provisional: boolean;
}

/** Write every file, then place them: all or nothing. */
export async function submissionFiles(
  context: RunContext,
  computed: ComputedSubmission,
): Promise<SubmissionOutcome> {
  const { product, counts, reasons, provisional, request, tieOut } = computed;
  const dir = path.join(context.workDir, product);
  ensureDir(dir);
  const run = productOf(computed);
  const decision = await decideBatch(context, computed);
  const batch = await batchName(context, computed, decision);
  const hasPackage = batch !== undefined && tieOut.gapCount === 0;
  const packed = hasPackage ? await writeBatch(context, computed, dir, batch) : [];
  if (hasPackage) await proveRelease(product, request.release, path.join(dir, BATCH_FILE));
  const people = await context.step('submission workbooks', () =>
    writeForPeople(context, computed, { run, decision, batch: batch ?? '', dir }),
  );
  const files = await hashArtefacts(dir, [...packed, ...people]);
  const finalDir = await context.step('place batch', () =>
    placeProduct(context, run, decision, { dir, files }),
  );
  const folder = path.relative(context.home.dir, finalDir);
  await context.run.addFiles(files.map((file) => ({ ...file, path: path.join(folder, file.path) })));
  const whole = computed.bodies.at(-1);
  return {
    product,
    ...decision,
    period: request.period,
    batch: decision.state === 'published' ? batch : undefined,
    dir: finalDir,
    files: files.map((file) => file.path),
    reasons,
    provisional,
    counts: {
      ...counts,
      held: whole?.held ?? 0,
      heldBack: whole?.heldBack ?? 0,
      rejected: whole?.rejected ?? 0,
      waiting: whole?.waiting ?? 0,
    },
    tieOut,
  };
}

function productOf({ product, prepared, request, reasons, provisional }: ComputedSubmission): ProductRun {
  const { period, release } = request;
  return {
    product,
    period: period.text,
    prepared,
    release,
    reasons,
    provisional,
    isPeriod: true,
    inForce: undefined,
  };
}

/** A batch is built where there is something to ask; its number is reserved before anything is written. */
async function decideBatch(
  { ledger, run, actor }: RunContext,
  { product, request, reasons, provisional, counts, prepared }: ComputedSubmission,
): Promise<Decision> {
  if (provisional) return { state: 'draft', revision: null };
  if (reasons.some(({ releasable }) => !releasable)) return { state: 'held', revision: null };
  // There is nothing that a person could approve.
  if (counts.records === 0) return { state: 'unchanged', revision: null };
  if (reasons.length > 0 && request.release === undefined) return { state: 'held', revision: null };
  const revision = await ledger.intendPublication({
    product,
    period: request.period.text,
    runId: run.id,
    snapshotId: prepared.manifest.id,
    actor,
    reason: request.release?.reason,
  });
  return { state: 'published', revision };
}

/** `110000-ARB-202610-01`; a held batch has the number that it would get, so that its release gives the same bytes. */
async function batchName(
  { ledger }: RunContext,
  { product, request, terms, counts }: ComputedSubmission,
  decision: Decision,
): Promise<string | undefined> {
  if (counts.records === 0 || decision.state === 'draft') return undefined;
  const earlier = (await ledger.publications(product)).filter(({ period }) => period === request.period.text);
  const number = decision.revision ?? Math.max(0, ...earlier.map(({ revision }) => revision)) + 1;
  return `${terms.layout.platform.batchPrefix}${fileForm(request.period)}-${String(number).padStart(2, '0')}`;
}

/** The package with its manifest and schema, and the records as they are kept. */
async function writeBatch(
  context: RunContext,
  computed: ComputedSubmission,
  dir: string,
  batch: string,
): Promise<Artefact[]> {
  const { terms, counts } = computed;
  const { platform } = terms.layout;
  const zip = path.join(dir, `${batch}.zip`);
  const artefacts: Artefact[] = [{ path: BATCH_FILE, kind: 'dataset' }];
  const slices = await context.step(
    'package',
    (advance) =>
      withSliceLimit(context.engine, () => writeZip(context, computed, { zip, dir, batch, advance })),
    { unit: 'records', total: counts.records, count: () => counts.records },
  );
  for (let slice = 1; slice <= slices; slice++)
    artefacts.push({ path: `${RECORDS_FOLDER}/${String(slice).padStart(5, '0')}.parquet`, kind: 'record' });
  await writeHeldBack(context.engine, path.join(dir, HELD_BACK_FILE));
  artefacts.push({ path: HELD_BACK_FILE, kind: 'record' });
  if (terms.recipients.length === 0) {
    artefacts.push({ path: `${batch}.zip`, kind: 'package' });
  } else {
    await context.step('encrypt', () => encryptFile(zip, `${zip}.age`, terms.recipients));
    await rm(zip);
    artefacts.push({ path: `${batch}.zip.age`, kind: 'package' });
  }
  if (platform.format.kind === 'xml') {
    const { schemaFile } = platform.format;
    await writeFileAtomic(path.join(dir, schemaFile), batchXsd(platform, context.definitions.codes));
    artefacts.push({ path: schemaFile, kind: 'schema' });
  }
  return artefacts;
}

/** Write the archive and `batch.json`. @returns the number of slices that the kept records have */
async function writeZip(
  { engine }: RunContext,
  computed: ComputedSubmission,
  {
    zip,
    dir,
    batch,
    advance,
  }: {
    readonly zip: string;
    readonly dir: string;
    readonly batch: string;
    readonly advance: (count: number) => void;
  },
): Promise<number> {
  const { terms, counts, product, request, prepared } = computed;
  const { layout, policy, key } = terms;
  const writer = new PackageWriter(zip);
  const files: BatchManifest['files'] = [];
  let slices = 0;
  for await (const file of recordsFiles(engine, layout, { policy, key, batch, dir })) {
    files.push({ ...(await writer.add(file.name, file.pieces)), ...file.counts });
    slices = file.slice;
    advance(file.counts.records);
  }
  const summary = await addText(writer, 'summary.json', summaryOf(computed, batch));
  const manifest: BatchManifest = {
    batch,
    product,
    period: request.period.text,
    platformVersion: layout.platform.version,
    policy,
    snapshot: prepared.manifest.id,
    asOf: prepared.asOf,
    counts,
    files,
    summary,
  };
  await addText(writer, 'manifest.json', manifest);
  await writer.end();
  await writeFileAtomic(path.join(dir, BATCH_FILE), jsonText(manifest));
  return slices;
}

function addText(writer: PackageWriter, name: string, value: unknown): Promise<PackedFile> {
  return writer.add(name, [Buffer.from(jsonText(value))]);
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** `summary.json`: the totals of month and year by body, and where the cases behind them stand. */
function summaryOf({ figures, request, bodies, tieOut, prepared }: ComputedSubmission, batch: string) {
  const values = (scope: 'month' | 'ytd', org: string) =>
    Object.fromEntries(SUMMARY_INDICATORS.map((id) => [id, Number(figures.value(scope, org, id))]));
  return {
    batch,
    period: request.period.text,
    asOf: prepared.asOf,
    totals: bodies.map(({ code, name }) => ({
      orgCode: code,
      orgName: name,
      month: values('month', code),
      year: values('ytd', code),
    })),
    tieOut: tieOut.rows.map(({ scope, indicatorId, orgCode, cases, places }) => ({
      scope: scope === 'month' ? 'month' : 'year',
      indicator: indicatorId,
      orgCode,
      cases,
      ...places,
    })),
  };
}

/** The workbook, a list for each body that has something to correct, and the note beside a draft. */
async function writeForPeople(
  context: RunContext,
  computed: ComputedSubmission,
  made: {
    readonly run: ProductRun;
    readonly decision: Decision;
    readonly batch: string;
    readonly dir: string;
  },
): Promise<Artefact[]> {
  const { dir, decision } = made;
  const form = fileForm(computed.request.period);
  const report = reportOf(context, computed, made);
  const workbook = `${report.title}-${form}.xlsx`;
  await writing(path.join(dir, workbook), (file) => writeSubmissionXlsx(file, report));
  const artefacts: Artefact[] = [{ path: workbook, kind: 'workbook' }];
  for (const body of report.bodies) {
    if (body.heldBack + body.rejected === 0) continue;
    ensureDir(path.join(dir, HELD_FOLDER));
    const name = `${HELD_FOLDER}-${fileNamePart(body.code)}-${form}.xlsx`;
    await writing(path.join(dir, HELD_FOLDER, name), (file) => writeHeldXlsx(file, report, body));
    artefacts.push({ path: `${HELD_FOLDER}/${name}`, kind: 'rectification' });
  }
  if (decision.state !== 'published') {
    const { title, periodText, provenance } = report;
    await writeFileAtomic(
      path.join(dir, NOTICE_NAME),
      draftNotice({ what: title, periodText, ...provenance }),
    );
    artefacts.push({ path: NOTICE_NAME, kind: 'notice' });
  }
  return artefacts;
}

function reportOf(
  context: RunContext,
  { terms, bodies, tieOut, request, figures }: ComputedSubmission,
  { run, decision, batch }: { readonly run: ProductRun; readonly decision: Decision; readonly batch: string },
): SubmissionReport {
  const { engine, definitions } = context;
  const { platform } = terms.layout;
  const nameOf = (org: string): string => figures.nameOf(org);
  const whole = bodies.at(-1);
  if (whole === undefined || whole.code !== WHOLE_CODE) throw new RangeError('the whole comes last');
  const issuer = figures.bodies.find(({ level }) => level === '1') ?? figures.bodies[0];
  return {
    title: platform.title,
    periodText: periodWords(request.period),
    issuer: issuer?.name ?? '',
    batch,
    platformVersion: platform.version,
    policy: terms.policy,
    isEncrypted: terms.recipients.length > 0,
    provenance: provenanceOf(context, run, decision),
    bodies: bodies.slice(0, -1),
    whole,
    tieOut,
    held: (orgCode) => heldRecords(engine, { rules: definitions.rules, nameOf, orgCode }),
    rejected: (orgCode) => rejectedRecords(engine, { nameOf, orgCode }),
  };
}
