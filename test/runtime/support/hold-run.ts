/**
 * A process that begins a run and holds it: node hold-run.ts HOME GO-FILE
 * Waits until GO-FILE exists (so that several begin at once), prints one JSON line, lives until its input ends.
 */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../pipelines/runtime/clock.ts';
import { ArbdataError } from '../../../pipelines/runtime/errors.ts';
import { openHome } from '../../../pipelines/runtime/home.ts';
import { openLedger } from '../../../pipelines/runtime/ledger.ts';

const [homeDir = '', goFile = ''] = process.argv.slice(2);
while (!existsSync(goFile)) await delay(2);
try {
  const ledger = await openLedger(openHome(homeDir), systemClock);
  const run = await ledger.beginRun({ pipeline: 'monthly', actor: 'holder', command: 'arbdata run monthly' });
  await run.startStep('freeze');
  console.log(JSON.stringify({ pid: process.pid, run: run.id }));
} catch (error) {
  if (!(error instanceof ArbdataError)) throw error;
  console.log(JSON.stringify({ pid: process.pid, code: error.code, message: error.message }));
}
process.stdin.resume();
