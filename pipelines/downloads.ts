/** Files that a run made, for people who are to have them: by an id, never by a path. */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { type Role, WORK_ROLES } from '../schemas/accounts.ts';
import { PRE_APPLICATION_COMPARISON } from './pre-application-comparison.ts';
import { ArbdataError } from './runtime/errors.ts';
import { sha256File } from './runtime/files.ts';
import type { RunDetails } from './runtime/ledger.ts';
import type { Service } from './runtime/service.ts';

/** A file that can be handed out. */
export interface Download {
  /** Of the run and the file's place: 32 hex digits. */
  readonly id: string;
  readonly runId: string;
  readonly product: string;
  /** Within the folder of the publication or draft. */
  readonly name: string;
  readonly kind: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** A draft is not in force. */
  readonly isDraft: boolean;
  /** The body whose own file it is; null: of the city. */
  readonly body: string | null;
  /** Who may have it; a district account only its own body's. */
  readonly roles: readonly Role[];
}

/** Folders with one file per body: `待整改/待整改-110101-202610.xlsx`. */
const OF_A_BODY =
  /^(?:待整改\/待整改|各机构\/预申请比对|待补正\/待补正)-(.+)-(?:\d{4}(?:\d\d|[QH]\d)?|\d{8}-\d{8})\.(?:xlsx|html)$/u;

/** The files of a run that can be handed out. */
export function downloadsOf({ id: runId, files }: Pick<RunDetails, 'id' | 'files'>): Download[] {
  return files.flatMap(({ path: file, kind, sha256, sizeBytes }) => {
    const [top, product, , , ...rest] = file.split(path.sep);
    if ((top !== 'published' && top !== 'out') || product === undefined || rest.length === 0) return [];
    const name = rest.join('/');
    const body = OF_A_BODY.exec(name)?.[1] ?? null;
    const whose = { body, roles: rolesFor(product, kind, body) };
    return [
      {
        id: idOf(runId, file),
        runId,
        product,
        name,
        kind,
        sha256,
        sizeBytes,
        isDraft: top === 'out',
        ...whose,
      },
    ];
  });
}

function idOf(runId: string, file: string): string {
  return createHash('sha256').update(`${runId}\0${file}`).digest('hex').slice(0, 32);
}

/** What holds names of persons goes to those who work on the cases; what goes to a platform to who sends it. */
function rolesFor(product: string, kind: string, body: string | null): readonly Role[] {
  if (body !== null) return [...WORK_ROLES, 'district'];
  if (kind === 'package' || kind === 'record') return ['operator'];
  if (kind === 'facts' || kind === 'membership') return ['analyst', 'operator'];
  const holdsNames = product === PRE_APPLICATION_COMPARISON && kind !== 'page' && kind !== 'notice';
  return holdsNames ? ['analyst', 'operator', 'approver'] : WORK_ROLES;
}

/** Whether a file holds names of persons: who takes it has seen personal data. */
export function isPersonal({ product, kind, body }: Download): boolean {
  return (
    body === null &&
    (kind === 'package' ||
      (product === PRE_APPLICATION_COMPARISON && ['dataset', 'workbook', 'statement'].includes(kind)))
  );
}

/**
 * The place of a file on disk, after its bytes were compared with what the ledger recorded.
 * @throws ArbdataError E_NOT_FOUND, E_ARTEFACT_DAMAGED
 */
export async function openDownload(
  { home, ledger }: Pick<Service, 'home' | 'ledger'>,
  { id, runId }: Pick<Download, 'id' | 'runId'>,
): Promise<string> {
  const run = await ledger.getRun(runId);
  const recorded = run?.files.find(({ path: file }) => idOf(runId, file) === id);
  if (recorded === undefined) throw notThere(runId);
  const file = path.join(home.dir, recorded.path);
  const isInside = [home.published, home.out].some((dir) => file.startsWith(`${dir}${path.sep}`));
  if (!isInside || lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw notThere(runId);
  if ((await sha256File(file)).sha256 === recorded.sha256) return file;
  throw new ArbdataError('E_ARTEFACT_DAMAGED', `${file} does not have the bytes that were recorded`, {
    advice: 'Restore the published folder from a backup; never mend it by hand.',
    where: { file },
  });
}

function notThere(runId: string): ArbdataError {
  return new ArbdataError('E_NOT_FOUND', `run ${runId} has no such file`, {
    advice: 'See `arbdata runs show`.',
  });
}
