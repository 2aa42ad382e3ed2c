/** Approving what a check held: a second person's word on the very bytes, before they are published. */
import { createHash } from 'node:crypto';
import { maybeSamePerson } from './accounts.ts';
import { type Download, downloadsOf, openDownload } from './downloads.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { RunDetails } from './runtime/ledger.ts';
import type { Approval } from './runtime/ledger-requests.ts';
import type { Service } from './runtime/service.ts';

export type { Approval } from './runtime/ledger-requests.ts';

/** What is to be approved, and by whom it was. */
export interface ApprovalCase {
  readonly run: RunDetails;
  /** The files of the draft. */
  readonly artefacts: readonly Download[];
  /** SHA-256 over the names and hashes of all of them: what an approval is about. */
  readonly artefactsSha256: string;
  readonly approvals: readonly Approval[];
  /** Why this person cannot approve it, as an English sentence; undefined where they can. */
  readonly obstacle: string | undefined;
}

/** @throws ArbdataError E_NOT_FOUND */
export async function approvalCase(service: Service, runId: string): Promise<ApprovalCase> {
  const run = await service.ledger.requireRun(runId);
  const artefacts = downloadsOf(run)
    .filter(({ isDraft }) => isDraft)
    .toSorted((a, b) => (`${a.product}/${a.name}` < `${b.product}/${b.name}` ? -1 : 1));
  const lines = artefacts.map(({ product, name, sha256 }) => `${sha256}  ${product}/${name}\n`);
  return {
    run,
    artefacts,
    artefactsSha256: createHash('sha256').update(lines.join('')).digest('hex'),
    approvals: await service.ledger.requests.approvals(runId),
    obstacle: obstacle(run, artefacts, service.actor),
  };
}

function obstacle(run: RunDetails, artefacts: readonly Download[], actor: string): string | undefined {
  if (run.state !== 'held') return `run ${run.id} is not held (it is ${run.state})`;
  if (artefacts.length === 0) return `run ${run.id} has no files`;
  if (maybeSamePerson(run.actor, actor))
    return `run ${run.id} was made by ${run.actor}, who cannot also approve it`;
  return undefined;
}

/**
 * Keep the approval of a held run, after every file was read and compared with its hash.
 * @param wanted.artefactsSha256 what the approver saw: another draft is not approved with it
 * @throws ArbdataError E_NOT_FOUND, E_NOT_RELEASABLE, E_ARTEFACT_DAMAGED, E_USAGE without a reason
 */
export async function approveRun(
  service: Service,
  wanted: { readonly runId: string; readonly artefactsSha256: string; readonly reason: string },
): Promise<void> {
  const { runId, artefactsSha256 } = wanted;
  const reason = wanted.reason.trim();
  const found = await approvalCase(service, runId);
  if (found.obstacle !== undefined) throw notApprovable(found.obstacle);
  if (found.artefactsSha256 !== artefactsSha256)
    throw notApprovable(`the files of run ${runId} have another hash`);
  if (reason === '') throw new ArbdataError('E_USAGE', 'an approval needs a reason', { advice: 'Say why.' });
  for (const artefact of found.artefacts) await openDownload(service, artefact);
  await service.ledger.requests.approve({ runId, artefactsSha256, reason, actor: service.actor });
}

function notApprovable(what: string): ArbdataError {
  return new ArbdataError('E_NOT_RELEASABLE', what, {
    advice: 'Look at the run again; another person may approve it.',
  });
}
