/** The files of the macro-monitoring product: written in the run's folder, hashed, placed as draft or publication. */
import path from 'node:path';
import { FormError, fillForm } from '../exports/form-fill.ts';
import { writeMacroMonitoringCsv } from '../exports/macro-monitoring.csv.ts';
import { writeMacroMonitoringJson } from '../exports/macro-monitoring.json.ts';
import { datasetRows } from '../exports/macro-monitoring.rows.ts';
import { writeMacroMonitoringXlsx } from '../exports/macro-monitoring.xlsx.ts';
import { draftNotice, NOTICE_NAME } from '../exports/notice.txt.ts';
import { type CheckResult, type MacroDataset, WHOLE_CODE } from '../schemas/dataset.ts';
import { fileForm } from '../schemas/period.ts';
import type { ArtefactEntry } from '../schemas/publication.ts';
import type { MacroOutcome, MacroRequest } from './macro-monitoring.ts';
import type { PreparedSnapshot } from './prepare.ts';
import {
  type Decision,
  decide,
  type ProductRun,
  placeProduct,
  provenanceOf,
  proveRelease,
} from './product.ts';
import { writeRectificationLists } from './rectification.ts';
import { ArbdataError } from './runtime/errors.ts';
import { ensureDir, writeFileAtomic, writing } from './runtime/files.ts';
import type { Advance, RunContext } from './runtime/run.ts';
import { flowIds, readPublished } from './steps/macro-monitoring/comparison.ts';
import { assembleDataset } from './steps/macro-monitoring/dataset.ts';
import type { Figures } from './steps/macro-monitoring/figures.ts';
import { writeFacts, writeMembership } from './steps/macro-monitoring/membership.ts';
import type { RevisionResult } from './steps/macro-monitoring/revision.ts';
import type { EarlierPublications } from './steps/publish/earlier.ts';
import { type Artefact, hashArtefacts } from './steps/publish/folder.ts';
import type { HoldReason } from './steps/publish/hold.ts';

export const MACRO_MONITORING = 'macro-monitoring';
const KEY_INDICATORS = ['A01', 'A02', 'C01', 'B01', 'B02', 'R01', 'R02', 'R04', 'M01', 'M04'] as const;

export interface Computed {
  readonly prepared: PreparedSnapshot;
  readonly request: MacroRequest;
  readonly figures: Figures;
  readonly earlier: EarlierPublications;
  readonly revisions: readonly RevisionResult[];
  readonly checks: readonly CheckResult[];
  readonly reasons: readonly HoldReason[];
  readonly provisional: boolean;
}

/** Write every file, then place them: all or nothing. */
export async function macroMonitoringFiles(context: RunContext, computed: Computed): Promise<MacroOutcome> {
  const dir = path.join(context.workDir, MACRO_MONITORING);
  ensureDir(dir);
  const product = productOf(computed);
  const data = await context.step('data files', () => writeData(context, computed, dir));
  await proveRelease(MACRO_MONITORING, computed.request.release, data.csv);

  const decision = await decide(context, product, data.csv);
  const dataset = await datasetFor(context, computed, decision);
  const people = await context.step(
    'workbooks',
    (advance) => writeForPeople(context, computed, dataset, decision, dir, advance),
    { unit: 'files', total: dataset.bodies.length + 2, count: (artefacts) => artefacts.length },
  );
  const entries = await hashArtefacts(dir, [...data.artefacts, ...people]);
  // From here on a crash or an error may leave an intent without its folder or a folder without its record:
  // the next run settles both.
  const finalDir = await context.step('publish', () =>
    placeProduct(context, product, decision, { dir, files: entries }),
  );
  const folder = path.relative(context.home.dir, finalDir);
  await context.run.addFiles(entries.map((entry) => ({ ...entry, path: path.join(folder, entry.path) })));
  return outcomeOf(computed, decision, finalDir, entries);
}

function productOf({ prepared, request, reasons, provisional, earlier }: Computed): ProductRun {
  return {
    product: MACRO_MONITORING,
    period: request.period.text,
    prepared,
    release: request.release,
    reasons,
    provisional,
    isPeriod: true,
    inForce:
      earlier.same === undefined
        ? undefined
        : { revision: earlier.same.publication.revision, files: earlier.same.manifest.files },
  };
}

function outcomeOf(
  { request, figures, reasons, provisional, revisions, checks }: Computed,
  { state, revision }: Decision,
  dir: string,
  entries: readonly ArtefactEntry[],
): MacroOutcome {
  return {
    state,
    period: request.period,
    revision,
    dir,
    files: entries.map((entry) => entry.path),
    reasons,
    provisional,
    keyFigures: Object.fromEntries(
      KEY_INDICATORS.filter((id) => figures.indicators.some((one) => one.id === id)).map((id) => [
        id,
        figures.value('month', WHOLE_CODE, id),
      ]),
    ),
    revised: revisions.map(({ basis, cases }) => ({
      baseline: `${basis.period} r${basis.revision}`,
      cases,
    })),
    failedChecks: checks.filter(({ ok }) => !ok),
    figures,
  };
}

/** CSV, JSON and the frozen Parquet files: the same bytes from the same snapshot and definitions. */
async function writeData(
  { engine, definitions }: RunContext,
  { request, figures, revisions }: Computed,
  dir: string,
): Promise<{ csv: string; artefacts: Artefact[] }> {
  const name = `macro-monitoring-${fileForm(request.period)}`;
  const csv = path.join(dir, `${name}.csv`);
  const rows = {
    period: request.period.text,
    scopes: ['month', 'ytd'] as const,
    bodies: figures.bodies,
    whole: { code: WHOLE_CODE, name: figures.nameOf(WHOLE_CODE), level: '' },
    indicators: definitions.indicators.indicators,
    value: figures.value.bind(figures),
  };
  await writing(csv, (file) => writeMacroMonitoringCsv(file, datasetRows(rows)));
  await writing(path.join(dir, `${name}.json`), (file) => writeMacroMonitoringJson(file, datasetRows(rows)));
  await writeFacts(engine, path.join(dir, 'case-facts.parquet'), path.join(dir, 'mediation-facts.parquet'));
  await writeMembership(engine, figures, path.join(dir, 'membership.parquet'));
  const statements: Artefact[] = [];
  for (const { basis, select } of revisions) {
    const file = `revision-${basis.kind}.parquet`;
    await engine.copyToParquet(select, path.join(dir, file));
    statements.push({ path: file, kind: 'statement' });
  }
  return {
    csv,
    artefacts: [
      { path: `${name}.csv`, kind: 'dataset' },
      { path: `${name}.json`, kind: 'dataset' },
      { path: 'case-facts.parquet', kind: 'facts' },
      { path: 'mediation-facts.parquet', kind: 'facts' },
      { path: 'membership.parquet', kind: 'membership' },
      ...statements,
    ],
  };
}

async function datasetFor(
  context: RunContext,
  computed: Computed,
  decision: Decision,
): Promise<MacroDataset> {
  const { engine, config } = context;
  const { request, figures, earlier, checks, revisions } = computed;
  const read = async (file: string | undefined) =>
    file === undefined ? undefined : readPublished(engine, file, flowIds(figures));
  return assembleDataset(engine, {
    period: request.period,
    cutoffDay: config.cutoffDay,
    figures,
    checks,
    revisions,
    published: {
      previous: await read(earlier.previous?.datasetFile),
      lastYear: await read(earlier.lastYear?.datasetFile),
    },
    provenance: provenanceOf(context, productOf(computed), decision),
  });
}

/** Workbook, the bureau's own form, the districts' lists, and the note beside a draft. */
async function writeForPeople(
  context: RunContext,
  computed: Computed,
  dataset: MacroDataset,
  decision: Decision,
  dir: string,
  advance: Advance,
): Promise<Artefact[]> {
  const { definitions, config } = context;
  const form = fileForm(computed.request.period);
  const isDraft = decision.state !== 'published';
  const workbook = `宏观监测-${form}.xlsx`;
  await writing(path.join(dir, workbook), (file) =>
    writeMacroMonitoringXlsx(file, dataset, definitions.forms.macroMonitoring),
  );
  advance(1);
  const artefacts: Artefact[] = [{ path: workbook, kind: 'workbook' }];
  const ownForm = config.forms.macroMonitoring;
  if (ownForm !== undefined) {
    // Everything but its cells stays as the bureau made it, so only the name can say that it is a draft.
    const name = `宏观监测表-${form}${isDraft ? '-草稿' : ''}.xlsx`;
    await writing(path.join(dir, name), (file) => fillOwnForm(context, ownForm, file, dataset));
    artefacts.push({ path: name, kind: 'form' });
  }
  artefacts.push(...(await writeRectificationLists(context, computed.prepared, dataset, dir, advance)));
  if (isDraft) {
    const { periodText, provenance } = dataset;
    await writeFileAtomic(
      path.join(dir, NOTICE_NAME),
      draftNotice({ what: '宏观监测数据', periodText, ...provenance }),
    );
    artefacts.push({ path: NOTICE_NAME, kind: 'notice' });
  }
  return artefacts;
}

async function fillOwnForm(
  { log }: RunContext,
  form: string,
  file: string,
  dataset: MacroDataset,
): Promise<void> {
  try {
    const { unfilledParts } = await fillForm(form, file, dataset);
    for (const part of unfilledParts) log.warn('placeholders outside cells stay as they are', { form, part });
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw new ArbdataError('E_FORM', `${form}: ${error.message}`, {
      advice: error.advice,
      where: { file: form },
      cause: error,
    });
  }
}
