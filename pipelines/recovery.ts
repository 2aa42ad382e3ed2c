/** Settle what a killed process left behind, so that the next command starts from a clean state. */
import { glob, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { finishPurges } from './backup-purge-end.ts';
import { removeRemains, removeTree } from './runtime/files.ts';
import { findingsFile } from './runtime/home.ts';
import { removeDeadScratches } from './runtime/scratch.ts';
import type { Service } from './runtime/service.ts';
import { allPlaces } from './steps/backup/places.ts';
import { settleBackups } from './steps/backup/settle.ts';
import { settleIntents } from './steps/publish/publication.ts';
import { settleSnapshots } from './steps/snapshot/settle.ts';
import { removeStaleReads } from './steps/source/oracle/kept-read.ts';

/**
 * Mark dead runs interrupted, remove what they left unfinished, and complete or withdraw the publications that they
 * left half-way. Living processes are left alone. A kill in the middle of it leaves it to the next command.
 * @returns one English sentence for each thing that was settled
 */
export async function recover(service: Service): Promise<string[]> {
  const { home, ledger, clock, actor } = service;
  // Before their end is entered: a run that is no longer listed as dead would never be looked after again.
  const found = (await ledger.heldRuns()).dead;
  for (const id of found) await removeRunRemains(service, id);
  const dead = await ledger.interruptDeadRuns(actor);
  // And those that died meanwhile.
  for (const id of dead.filter((one) => !found.includes(one))) await removeRunRemains(service, id);
  await clearWork(service);
  for (const dir of [home.dir, home.work, home.source, home.findings]) await removeRemains(dir, clock);
  await removeDeadScratches(home.source, '', clock);
  await removeStaleReads(home.work, clock);
  await settleSnapshots(home, clock);
  const settled = [
    ...dead.map((id) => `run ${id} was interrupted; what it left unfinished was removed`),
    ...(await settleIntents(home, ledger, actor)),
    ...(await settleBackups({ places: allPlaces(home, service.config), ledger, actor, clock })),
  ];
  settled.push(...(await finishPurges(service)));
  for (const sentence of settled) service.log.warn(sentence);
  return settled;
}

/** What a dead run left: its work folder, findings that no finished run stands behind, drafts nobody knows of. */
async function removeRunRemains({ home }: Service, runId: string): Promise<void> {
  await removeTree(path.join(home.work, runId));
  await rm(findingsFile(home, runId), { force: true });
  for await (const draft of glob(`*/*/${runId}`, { cwd: home.out })) {
    await removeTree(path.join(home.out, draft));
  }
}

/** Remove the work folders of runs that no longer go on. */
async function clearWork({ home, ledger }: Service): Promise<void> {
  // In this order: a run is in the ledger before it has a folder.
  const names = (await readdir(home.work)).filter((name) => name.startsWith('R'));
  const { alive } = await ledger.heldRuns();
  for (const name of names) if (!alive.includes(name)) await removeTree(path.join(home.work, name));
}
