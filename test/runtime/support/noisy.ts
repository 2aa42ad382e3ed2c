/** A process that logs and shows progress to a standard error whose reader has gone away. */
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../pipelines/runtime/clock.ts';
import { Logger, openTerminal } from '../../../pipelines/runtime/log.ts';
import { createProgress } from '../../../pipelines/runtime/progress.ts';

process.stdin.resume();
// The first byte says that the reader is gone.
await new Promise((resolve) => process.stdin.once('data', resolve));
const terminal = openTerminal();
const log = new Logger({ terminal, clock: systemClock });
const step = createProgress(terminal).step('freeze', { unit: 'rows', total: 100 });
for (let round = 0; round < 20; round += 1) {
  log.info('a line', { round });
  step.advance(5);
  await delay(1);
}
step.done();
process.stdout.write('finished\n', () => process.exit(0));
