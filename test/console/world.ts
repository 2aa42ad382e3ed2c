/** A home with something of everything that the console hands out, and accounts of every role. */

import { ROLES, type Role } from '../../pipelines/accounts.ts';
import { runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import { runComparison } from '../../pipelines/pre-application-comparison.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import { CLERK, homeDir, type TestHome } from '../publish/support.ts';
import { deliver, publishBatch } from '../support/submission.ts';
import { type TestConsole, testConsole } from './support.ts';

export const PERIOD = '2026-10';
export const BATCH = '110000-ARB-202610-01';
/** The body of the district account, and another one. */
export const OWN = '110101';
export const FOREIGN = '110105';
export const NO_ROLE = 'nobody';

export interface World {
  readonly console: TestConsole;
  /** Published October. */
  readonly runId: string;
  /** Held September. */
  readonly heldId: string;
}

/** The sample of the small source with its October published, compared and in the cockpit. */
export async function makeWorld(options: Parameters<typeof testConsole>[0] = {}): Promise<World> {
  const home: TestHome = await homeDir();
  await home.import('small');
  // The sample is of defects: with the usual limit its October is held.
  await home.configure({ exclusionLimitPercent: '100' });
  const { runId, prepared } = await home.run(PERIOD, { asOf: '2026-11-03' });
  const snapshotId = prepared.manifest.id;
  await home.configure({});
  const { runId: heldId } = await home.run('2026-09', { snapshotId });
  await home.as(CLERK, async (service) => {
    await runComparison(service, { span: readPeriod(PERIOD), snapshotId });
    await publishBatch(service, PERIOD, [{ caseId: '100' }, { caseId: '101' }]);
    await deliver(service, BATCH);
    await runCockpitRefresh(service, { snapshotId });
  });
  const console = await testConsole({ ...options, home });
  for (const role of ROLES)
    await console.account(accountOf(role), [role], role === 'district' ? OWN : undefined);
  await console.account(NO_ROLE, []);
  return { console, runId, heldId };
}

/** The account that has a role and no other. */
export const accountOf = (role: Role): string => `the-${role}`;
