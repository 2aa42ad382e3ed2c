/** The files of the comparison: written in the run's folder, hashed, placed as draft or publication. */
import path from 'node:path';
import { draftNotice, NOTICE_NAME } from '../exports/notice.txt.ts';
import { writeCandidatesCsv, writeComparisonCsv } from '../exports/pre-application-comparison.csv.ts';
import { writeComparisonHtml } from '../exports/pre-application-comparison.html.ts';
import { writeComparisonXlsx } from '../exports/pre-application-comparison.xlsx.ts';
import { type DateRange, parsePeriod, periodWords, spanFileForm } from '../schemas/period.ts';
import {
  type ComparisonOutcome,
  type ComparisonRequest,
  lastMonthOf,
  PRE_APPLICATION_COMPARISON,
  PROOFS_FILE,
  SUBJECTS_FILE,
} from './pre-application-comparison.ts';
import type { OpenedSnapshot } from './prepare.ts';
import {
  type Decision,
  decide,
  type ProductRun,
  placeProduct,
  provenanceOf,
  proveRelease,
} from './product.ts';
import { ensureDir, fileNamePart, writeFileAtomic, writing } from './runtime/files.ts';
import type { RunContext } from './runtime/run.ts';
import type { ComparisonCounts } from './steps/pre-application-comparison/counts.ts';
import { writeSubjects } from './steps/pre-application-comparison/difference.ts';
import { partners } from './steps/pre-application-comparison/evidence.ts';
import { writeProofs } from './steps/pre-application-comparison/explain.ts';
import { comparisonRows } from './steps/pre-application-comparison/lines.ts';
import { comparisonReport } from './steps/pre-application-comparison/report.ts';
import { type Artefact, hashArtefacts, readFolder } from './steps/publish/folder.ts';
import type { HoldReason } from './steps/publish/hold.ts';
import { publicationDir } from './steps/publish/publication.ts';

/** Holds the pages of the bodies. */
const BODIES_FOLDER = '各机构';

export interface ComputedComparison {
  readonly opened: OpenedSnapshot;
  readonly request: ComparisonRequest;
  readonly period: string;
  readonly days: DateRange;
  readonly isPeriod: boolean;
  readonly provisional: boolean;
  readonly reasons: readonly HoldReason[];
  readonly counts: ComparisonCounts;
}

/** Write every file, then place them: all or nothing. */
export async function comparisonFiles(
  context: RunContext,
  computed: ComputedComparison,
): Promise<ComparisonOutcome> {
  const { period, request, reasons, provisional, counts } = computed;
  const dir = path.join(context.workDir, PRE_APPLICATION_COMPARISON);
  ensureDir(dir);
  const data = await context.step('comparison data', () => writeData(context, period, dir));
  await proveRelease(PRE_APPLICATION_COMPARISON, request.release, data.csv);
  const product = await productOf(context, computed);
  const decision = await decide(context, product, data.csv);
  const people = await context.step('comparison report', () =>
    writeForPeople(context, computed, product, decision, dir),
  );
  const files = await hashArtefacts(dir, [...data.artefacts, ...people]);
  const finalDir = await context.step('publish comparison', () =>
    placeProduct(context, product, decision, { dir, files }),
  );
  const folder = path.relative(context.home.dir, finalDir);
  await context.run.addFiles(files.map((file) => ({ ...file, path: path.join(folder, file.path) })));
  const paths = files.map((file) => file.path);
  return { ...decision, period, dir: finalDir, files: paths, reasons, provisional, counts };
}

async function productOf(context: RunContext, computed: ComputedComparison): Promise<ProductRun> {
  const { ledger, home } = context;
  const { period, opened, request, isPeriod, provisional, reasons } = computed;
  const inForce = await ledger.latestPublication(PRE_APPLICATION_COMPARISON, period);
  return {
    product: PRE_APPLICATION_COMPARISON,
    period,
    prepared: { ...opened, remarks: [] },
    release: request.release,
    reasons,
    provisional,
    isPeriod,
    inForce:
      inForce === undefined
        ? undefined
        : {
            revision: inForce.revision,
            files: (await readFolder(publicationDir(home, inForce), inForce.manifestSha256 ?? undefined))
              .files,
          },
  };
}

/** The data file and the frozen subjects. */
async function writeData(
  { engine }: RunContext,
  period: string,
  dir: string,
): Promise<{ csv: string; artefacts: Artefact[] }> {
  const name = `${PRE_APPLICATION_COMPARISON}-${spanFileForm(period)}.csv`;
  const csv = path.join(dir, name);
  await writing(csv, (file) => writeComparisonCsv(file, comparisonRows(engine)));
  const candidates = `pre-application-candidates-${spanFileForm(period)}.csv`;
  await writing(path.join(dir, candidates), (file) => writeCandidatesCsv(file, partners(engine)));
  await writeSubjects(engine, path.join(dir, SUBJECTS_FILE));
  await writeProofs(engine, path.join(dir, PROOFS_FILE));
  return {
    csv,
    artefacts: [
      { path: name, kind: 'dataset' },
      { path: candidates, kind: 'statement' },
      { path: SUBJECTS_FILE, kind: 'facts' },
      { path: PROOFS_FILE, kind: 'facts' },
    ],
  };
}

/** Workbook, the page of the whole, a page of each body with anything listed, and the note beside a draft. */
async function writeForPeople(
  context: RunContext,
  computed: ComputedComparison,
  product: ProductRun,
  decision: Decision,
  dir: string,
): Promise<Artefact[]> {
  const { period, days, request } = computed;
  const provenance = provenanceOf(context, product, decision);
  const report = await comparisonReport(context.engine, {
    periodText: spanWords(computed),
    startDay: days.start,
    endDay: days.end,
    lastMonth: lastMonthOf(request.span, context.config.cutoffDay),
    provenance,
  });
  const name = `预申请比对-${spanFileForm(period)}`;
  await writing(path.join(dir, `${name}.xlsx`), (file) => writeComparisonXlsx(file, report));
  await writing(path.join(dir, `${name}.html`), (file) => writeComparisonHtml(file, report));
  const artefacts: Artefact[] = [
    { path: `${name}.xlsx`, kind: 'workbook' },
    { path: `${name}.html`, kind: 'page' },
  ];
  ensureDir(path.join(dir, BODIES_FOLDER));
  for (const body of report.bodies) {
    if (body.preApplications + body.problems === 0) continue;
    const page = `预申请比对-${fileNamePart(body.code)}-${spanFileForm(period)}.html`;
    await writing(path.join(dir, BODIES_FOLDER, page), (file) => writeComparisonHtml(file, report, body));
    artefacts.push({ path: `${BODIES_FOLDER}/${page}`, kind: 'page' });
  }
  if (decision.state !== 'published') {
    const notice = draftNotice({ what: '预申请比对', periodText: report.periodText, ...provenance });
    await writeFileAtomic(path.join(dir, NOTICE_NAME), notice);
    artefacts.push({ path: NOTICE_NAME, kind: 'notice' });
  }
  return artefacts;
}

/** `2026年10月`, or the days. */
function spanWords({ period, days, isPeriod }: ComputedComparison): string {
  return isPeriod ? periodWords(parsePeriod(period)) : `${days.start}至${days.end}`;
}
