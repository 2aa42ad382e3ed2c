/** Looking at what the comparison found, and a person's word on a pre-application and a case. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Period } from '../schemas/period.ts';
import type { PublicationManifest } from '../schemas/publication.ts';
import {
  earlierComparisons,
  PRE_APPLICATION_COMPARISON,
  PROOFS_FILE,
  SUBJECTS_FILE,
} from './pre-application-comparison.ts';
import { literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { openEngine, type Service } from './runtime/service.ts';
import {
  explainPreApplication,
  type PreApplicationExplanation,
} from './steps/pre-application-comparison/explain.ts';
import { readFolder, verifiedArtefact } from './steps/publish/folder.ts';
import { publicationDir } from './steps/publish/publication.ts';
import { openSnapshotSql } from './steps/snapshot/list.ts';
import { snapshotDir } from './steps/snapshot/manifest-file.ts';
import { normaliseText } from './steps/validate/text.ts';

export interface ExplainedPreApplication extends PreApplicationExplanation {
  readonly manifest: PublicationManifest;
}

/**
 * What a pre-application was compared with and why it stands in its class: by the publication in force of the period,
 * or by the latest run that listed it.
 * @throws ArbdataError E_NOT_FOUND, E_ARTEFACT_DAMAGED
 */
export async function explainComparison(
  service: Service,
  request: { readonly preAppId: string; readonly period?: Period | undefined },
): Promise<ExplainedPreApplication> {
  const preAppId = normaliseText('code', request.preAppId);
  for (const { dir, recordedSha256 } of await folders(service, request.period)) {
    const manifest = await readFolder(dir, recordedSha256);
    const file = (name: string) => verifiedArtefact(dir, manifest, (entry) => entry.path === name);
    const files = { subjects: await file(SUBJECTS_FILE), proofs: await file(PROOFS_FILE) };
    const engine = await openEngine(service);
    try {
      const found = await explainPreApplication(engine, files, preAppId);
      if (found !== undefined) return { ...found, manifest };
    } finally {
      engine.close();
    }
  }
  throw new ArbdataError('E_NOT_FOUND', `no comparison lists the pre-application ${preAppId}`, {
    advice:
      'It lies outside of the period, or does not exist: run `arbdata run pre-application-comparison` for the days of it.',
    where: { record: preAppId },
  });
}

/** Folders that may list it: the publication in force of a period, then the runs, the latest first. */
async function folders(
  service: Service,
  period: Period | undefined,
): Promise<{ dir: string; recordedSha256?: string }[]> {
  const { ledger, home } = service;
  const inForce =
    period === undefined
      ? undefined
      : await ledger.latestPublication(PRE_APPLICATION_COMPARISON, period.text);
  const published =
    inForce === undefined
      ? []
      : [
          {
            dir: publicationDir(home, inForce),
            ...(inForce.manifestSha256 === null ? {} : { recordedSha256: inForce.manifestSha256 }),
          },
        ];
  const runs = (await earlierComparisons(service)).filter(
    (run) => period === undefined || run.period === period.text,
  );
  return [
    ...published,
    ...runs.slice(0, LATEST_RUNS).map(({ folder }) => ({ dir: path.join(home.dir, folder) })),
  ];
}

/** One pre-application or orphan case of a comparison: its class and its dates, no names. */
export interface ComparedSubject {
  readonly pre_app_id: string | null;
  readonly case_id: string | null;
  readonly org_code: string | null;
  readonly class: string;
  readonly fields: string | null;
  readonly status: string | null;
  readonly case_no: string | null;
  readonly first_seen: string;
  readonly state: string | null;
}

export interface ComparedSubjects {
  readonly manifest: PublicationManifest;
  readonly counts: readonly {
    readonly org_code: string | null;
    readonly class: string;
    readonly subjects: number;
  }[];
  readonly subjects: readonly ComparedSubject[];
}

/**
 * What the latest comparison (of a period, where it is given) found.
 * @param wanted.class only this one; absent: subjects of every class
 * @throws ArbdataError E_NOTHING_YET, E_ARTEFACT_DAMAGED
 */
export async function comparedSubjects(
  service: Service,
  wanted: {
    readonly period?: Period | undefined;
    readonly body?: string | undefined;
    readonly class?: string | undefined;
    readonly limit: number;
    readonly offset: number;
  },
): Promise<ComparedSubjects> {
  const [folder] = await folders(service, wanted.period);
  if (folder === undefined) {
    throw new ArbdataError('E_NOTHING_YET', 'there is no comparison yet', {
      advice: 'Run `arbdata run pre-application-comparison`.',
    });
  }
  const manifest = await readFolder(folder.dir, folder.recordedSha256);
  const file = literal(
    await verifiedArtefact(folder.dir, manifest, ({ path: name }) => name === SUBJECTS_FILE),
  );
  const own = wanted.body === undefined ? 'is_listed' : `is_listed AND org_code = ${literal(wanted.body)}`;
  const ofClass = wanted.class === undefined ? '' : `AND class = ${literal(wanted.class)}`;
  const engine = await openEngine(service);
  try {
    const counts = await engine.rows<{ org_code: string | null; class: string; subjects: string }>(
      `SELECT org_code, class, CAST(count(*) AS VARCHAR) AS subjects FROM read_parquet(${file})
       WHERE ${own} GROUP BY ALL ORDER BY org_code NULLS FIRST, class`,
    );
    const subjects = await engine.rows<ComparedSubject>(
      `SELECT pre_app_id, CAST(case_id AS VARCHAR) AS case_id, org_code, class, fields, status, case_no,
         CAST(first_seen AS VARCHAR) AS first_seen, state
       FROM read_parquet(${file}) WHERE ${own} ${ofClass}
       ORDER BY class, org_code NULLS FIRST, pre_app_id NULLS LAST, case_id NULLS LAST
       LIMIT ${wanted.limit} OFFSET ${wanted.offset}`,
    );
    return { manifest, counts: counts.map((row) => ({ ...row, subjects: Number(row.subjects) })), subjects };
  } finally {
    engine.close();
  }
}

/** As many runs are looked through: a person who asks for an older one names its period. */
const LATEST_RUNS = 20;

export interface PairRequest {
  readonly preAppId: string;
  readonly caseId: string;
  readonly reason?: string | undefined;
  /** Only records of this body are meant, the pre-application and the case; absent: of any. */
  readonly body?: string | undefined;
}

/**
 * Keep a person's word that a pre-application and a case belong together, or do not; later runs respect it.
 * @throws ArbdataError E_USAGE, E_NOT_FOUND where the latest snapshot that was compared holds no such record
 */
export async function decidePair(
  service: Service,
  verdict: 'confirmed' | 'rejected',
  request: PairRequest,
): Promise<{ preAppId: string; caseId: string }> {
  const pair = await knownPair(service, request);
  await service.ledger.decidePair({ ...pair, verdict, reason: request.reason, actor: service.actor });
  return pair;
}

/** Take a word back. @throws ArbdataError E_USAGE, E_NOT_FOUND where none stands */
export async function withdrawPair(service: Service, request: PairRequest): Promise<void> {
  const pair = request.body === undefined ? keysOf(request) : await knownPair(service, request);
  await service.ledger.withdrawPair({ ...pair, reason: request.reason, actor: service.actor });
}

/** Both keys as they are compared, so that one pair is not known under two names. */
function keysOf({ preAppId, caseId }: PairRequest): { preAppId: string; caseId: string } {
  if (!/^-?\d{1,18}$/.test(caseId)) {
    throw new ArbdataError('E_USAGE', `${caseId} is not a CASE_ID`, {
      advice: 'Give the number of the case as the data file has it, for example 100124.',
    });
  }
  return { preAppId: normaliseText('code', preAppId), caseId: BigInt(caseId).toString() };
}

async function knownPair(
  service: Service,
  request: PairRequest,
): Promise<{ preAppId: string; caseId: string }> {
  const { preAppId, caseId } = keysOf(request);
  const [latest] = await earlierComparisons(service);
  const { home } = service;
  const snapshotId = latest?.snapshotId ?? null;
  if (latest === undefined || snapshotId === null || !existsSync(snapshotDir(home, snapshotId))) {
    if (request.body === undefined) return { preAppId, caseId };
    throw unknownRecord(`pre-application ${preAppId} of ${request.body}`, 'without a snapshot');
  }
  // A number that the portal wrote in another form stands as it is compared in the run's own file.
  const subjects = path.join(home.dir, latest.folder, SUBJECTS_FILE);
  const engine = await openEngine(service);
  try {
    await engine.run(await openSnapshotSql(home, snapshotId));
    const own = request.body === undefined ? '' : `AND trim(ORG_CODE) = ${literal(request.body)}`;
    const { pres, cases } = await engine.one<{ pres: string; cases: string }>(
      `SELECT (SELECT count(*) FROM raw_pre_application WHERE trim(PRE_APP_ID) = ${literal(preAppId)} ${own})
           + (SELECT count(*) FROM read_parquet(${literal(subjects)}) WHERE pre_app_id = ${literal(preAppId)} ${own}) AS pres,
         (SELECT count(*) FROM raw_arb_case WHERE CASE_ID = ${caseId} ${own}) AS cases`,
    );
    const missing =
      pres === '0' ? `pre-application ${preAppId}` : cases === '0' ? `case ${caseId}` : undefined;
    if (missing === undefined) return { preAppId, caseId };
    const of = request.body === undefined ? '' : ` of ${request.body}`;
    throw unknownRecord(`${missing}${of}`, `in snapshot ${snapshotId}`);
  } finally {
    engine.close();
  }
}

function unknownRecord(what: string, where: string): ArbdataError {
  return new ArbdataError('E_NOT_FOUND', `there is no ${what} ${where}`, {
    advice: 'Take both numbers from the data file of the latest comparison.',
  });
}
