/** Settle what a killed process left behind, so that the next command starts from a clean state. */
import { glob, rm } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from './runtime/files.ts';
import { findingsFile } from './runtime/home.ts';
import type { Service } from './runtime/service.ts';
import { settleIntents } from './steps/publish/publication.ts';

/**
 * Mark dead runs interrupted, remove their work folders, and complete or withdraw the publications that they left
 * half-way. Living runs are left alone.
 * @returns one English sentence for each thing that was settled
 */
export async function recover(service: Service): Promise<string[]> {
  const { home, ledger, actor } = service;
  const dead = await ledger.interruptDeadRuns(actor);
  for (const id of dead) await removeRemains(service, id);
  const settled = [
    ...dead.map((id) => `run ${id} was interrupted; what it left unfinished was removed`),
    ...(await settleIntents(home, ledger, actor)),
  ];
  for (const sentence of settled) service.log.warn(sentence);
  return settled;
}

/** What a dead run left: its work folder, findings that no finished run stands behind, drafts nobody knows of. */
async function removeRemains({ home }: Service, runId: string): Promise<void> {
  await removeTree(path.join(home.work, runId));
  await rm(findingsFile(home, runId), { force: true });
  for await (const draft of glob(`*/*/${runId}`, { cwd: home.out })) {
    await removeTree(path.join(home.out, draft));
  }
}
