/** Publish what a check held, with a reason that is recorded. */
import { parsePeriod } from '../schemas/period.ts';
import { MACRO_MONITORING, type MacroRunEnd, runMacroMonitoring } from './macro-monitoring.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Service } from './runtime/service.ts';

/**
 * Release a held run: the same snapshot gives the same bytes again, and these are published.
 * @throws ArbdataError E_NOT_FOUND, E_NOT_RELEASABLE (K01–K10 failed, provisional, not held, other figures today)
 */
export async function releaseRun(
  service: Service,
  runId: string,
  reason: string,
): Promise<MacroRunEnd & { runId: string }> {
  const { ledger, actor, config } = service;
  const run = await ledger.getRun(runId);
  if (run === undefined) {
    throw new ArbdataError('E_NOT_FOUND', `there is no run ${runId}`, { advice: 'See `arbdata runs`.' });
  }
  if (run.state !== 'held' || run.period === null) throw notHeld(runId, run.state);
  if (reason.trim() === '') {
    throw new ArbdataError('E_USAGE', 'a release needs a reason', { advice: 'Add --reason "…".' });
  }
  if (config.approval && run.actor === actor) {
    throw new ArbdataError(
      'E_NOT_RELEASABLE',
      `run ${runId} was made by ${actor}, who cannot also approve it`,
      {
        advice: 'Another person approves it under their own account.',
      },
    );
  }
  const earlier = (await ledger.listRuns({ limit: 1000, period: run.period })).find(
    ({ parameters, state }) =>
      state === 'done' && (parameters as { releases?: string } | null)?.releases === runId,
  );
  if (earlier !== undefined) {
    throw new ArbdataError('E_NOT_RELEASABLE', `run ${runId} was released already by run ${earlier.id}`, {
      advice: `See \`arbdata runs show ${earlier.id}\`.`,
    });
  }
  // The ledger, not the draft folder, says which bytes were held.
  const dataset = run.files.find(({ kind, path }) => kind === 'dataset' && path.endsWith('.csv'));
  if (dataset === undefined || run.snapshotId === null) throw notHeld(runId, run.state);
  await refuseOvertaken(service, run.period, { runId, snapshotId: run.snapshotId });
  return runMacroMonitoring(service, {
    period: parsePeriod(run.period),
    snapshotId: run.snapshotId,
    release: { runId, reason: reason.trim(), datasetSha256: dataset.sha256 },
  });
}

/** What was published from a newer snapshot must not be replaced by what an older one held. */
async function refuseOvertaken(
  { ledger }: Service,
  period: string,
  held: { readonly runId: string; readonly snapshotId: string },
): Promise<void> {
  const published = await ledger.latestPublication(MACRO_MONITORING, period);
  // An id starts with the time of its snapshot: `YYYYMMDD-HHMMSS`.
  const takenAt = (snapshotId: string): string => snapshotId.slice(0, 15);
  if (published === undefined || takenAt(published.snapshotId) <= takenAt(held.snapshotId)) return;
  throw new ArbdataError(
    'E_NOT_RELEASABLE',
    `run ${held.runId} was overtaken: r${published.revision} of ${period} was published from a newer snapshot`,
    { advice: 'Run the period again and release that run if it is held.' },
  );
}

function notHeld(runId: string, state: string): ArbdataError {
  return new ArbdataError('E_NOT_RELEASABLE', `run ${runId} is not held by a check (it is ${state})`, {
    advice: 'Only runs in state held can be released: see `arbdata runs`.',
  });
}
