/** The cases behind one published figure. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Scope, WHOLE_CODE } from '../schemas/dataset.ts';
import type { Period } from '../schemas/period.ts';
import type { PublicationManifest } from '../schemas/publication.ts';
import { MACRO_MONITORING } from './macro-monitoring.ts';
import type { Engine } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { openEngine, type Service } from './runtime/service.ts';
import { type Explanation, explainFigure } from './steps/macro-monitoring/explain.ts';
import { readFolder, verifiedArtefact } from './steps/publish/folder.ts';
import { draftDir, publicationDir } from './steps/publish/publication.ts';

export interface ExplainRequest {
  /** `A02@110101` or `A02@ALL`. */
  readonly figure: string;
  readonly scope: Scope;
  readonly period: Period;
  /** Explain the draft of this run instead of the publication in force. */
  readonly runId?: string | undefined;
  /** Show names in full; recorded with the reason. */
  readonly unmaskedReason?: string | undefined;
}

export interface FigureExplanation extends Explanation {
  readonly indicatorId: string;
  readonly indicatorName: string;
  readonly unit: string;
  readonly definition: string;
  readonly orgCode: string;
  readonly manifest: PublicationManifest;
  /** Ends the reading of records. */
  close(): void;
}

/**
 * Explain a figure. Close the explanation when its records were read.
 * @throws ArbdataError E_USAGE (not INDICATOR@BODY), E_NOT_FOUND (indicator, body, publication), E_ARTEFACT_DAMAGED
 */
export async function explain(service: Service, request: ExplainRequest): Promise<FigureExplanation> {
  const { indicatorId, orgCode } = readFigure(request.figure);
  const { indicators } = service.definitions.indicators;
  const indicator = indicators.find(({ id }) => id === indicatorId);
  if (indicator === undefined) {
    throw new ArbdataError('E_NOT_FOUND', `there is no indicator ${indicatorId}`, {
      advice: 'See `arbdata indicators`.',
    });
  }
  const { dir, manifest } = await locate(service, request);
  const file = (name: string) => verifiedArtefact(dir, manifest, (entry) => entry.path === name);
  const parties = path.join(service.home.snapshots, manifest.snapshotId, 'arb_party.parquet');
  const files = {
    membership: await file('membership.parquet'),
    caseFacts: await file('case-facts.parquet'),
    mediationFacts: await file('mediation-facts.parquet'),
    dataset: await verifiedArtefact(
      dir,
      manifest,
      (entry) => entry.kind === 'dataset' && entry.path.endsWith('.csv'),
    ),
    parties: existsSync(parties) ? parties : undefined,
  };
  if (request.unmaskedReason !== undefined) await recordView(service, request, manifest);
  const engine: Engine = await openEngine(service);
  try {
    const unmasked = request.unmaskedReason !== undefined;
    const { scope } = request;
    const explanation = await explainFigure(engine, files, {
      indicator,
      indicators,
      orgCode,
      scope,
      unmasked,
    });
    if (explanation === undefined) {
      throw new ArbdataError(
        'E_NOT_FOUND',
        `there is no body ${orgCode} in the dataset of ${manifest.period}`,
        {
          advice: `Use the code of a body, or ${WHOLE_CODE}.`,
        },
      );
    }
    const { name, unit, definition } = indicator;
    return {
      ...explanation,
      indicatorId,
      indicatorName: name,
      unit,
      definition,
      orgCode,
      manifest,
      close: () => engine.close(),
    };
  } catch (error) {
    engine.close();
    throw error;
  }
}

function readFigure(text: string): { indicatorId: string; orgCode: string } {
  const [indicatorId, orgCode, ...rest] = text.split('@');
  if (
    indicatorId === undefined ||
    indicatorId === '' ||
    orgCode === undefined ||
    orgCode === '' ||
    rest.length > 0
  ) {
    throw new ArbdataError('E_USAGE', `${text} is not INDICATOR@BODY`, {
      advice: 'For example: arbdata explain A02@110101 --period 2026-10, or A02@ALL for the whole.',
    });
  }
  return { indicatorId: indicatorId.toUpperCase(), orgCode: orgCode.toUpperCase() };
}

/** The publication in force, or the draft of a named run, or the latest draft where nothing was published. */
async function locate(
  { ledger, home }: Service,
  { period, runId }: ExplainRequest,
): Promise<{ dir: string; manifest: PublicationManifest }> {
  const published = await ledger.latestPublication(MACRO_MONITORING, period.text);
  if (runId === undefined && published !== undefined) {
    const dir = publicationDir(home, published);
    return { dir, manifest: await readFolder(dir, published.manifestSha256 ?? undefined) };
  }
  if (runId !== undefined) await ledger.requireRun(runId);
  const runs = await ledger.listRuns({ limit: 1000, period: period.text });
  const wanted = runs.filter(({ id }) => runId === undefined || id === runId);
  const draft = wanted.map(({ id }) => draftDir(home, MACRO_MONITORING, period.text, id)).find(existsSync);
  if (draft !== undefined) return { dir: draft, manifest: await readFolder(draft) };
  const ofRun = (await ledger.publications(MACRO_MONITORING)).find((one) => one.runId === runId);
  if (ofRun !== undefined) {
    const dir = publicationDir(home, ofRun);
    return { dir, manifest: await readFolder(dir, ofRun.manifestSha256 ?? undefined) };
  }
  throw new ArbdataError(
    'E_NOT_FOUND',
    `there is neither a publication nor a draft of ${period.text}${runId === undefined ? '' : ` by run ${runId}`}`,
    { advice: `Make one with \`arbdata run macro-monitoring --period ${period.text}\`.` },
  );
}

async function recordView(
  { ledger, actor }: Service,
  { figure, scope, unmaskedReason }: ExplainRequest,
  manifest: PublicationManifest,
): Promise<void> {
  const reason = unmaskedReason?.trim() ?? '';
  if (reason === '') {
    throw new ArbdataError('E_USAGE', 'a view of unmasked names needs a reason', {
      advice: 'Add --reason "…".',
    });
  }
  await ledger.appendAudit({
    actor,
    action: 'personal.view',
    subject: `${figure}/${scope}`,
    detail: { reason, run: manifest.runId, snapshot: manifest.snapshotId },
  });
}
