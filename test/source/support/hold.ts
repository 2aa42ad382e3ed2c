/**
 * A process that stands still at a chosen place, to be killed there: node hold.ts ACTION HOME ARGUMENT [PLACE]
 * `import` DIR, `freeze` ID: stops when the step of progress (or the log line) named PLACE begins; `open`: holds the
 * source's file open for writing. Prints one line when it stands still.
 */
import path from 'node:path';
import { fixedClock } from '../../../pipelines/runtime/clock.ts';
import { Engine, withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { type Log, silentLog } from '../../../pipelines/runtime/log.ts';
import { type Progress, silentProgress } from '../../../pipelines/runtime/progress.ts';
import { freeze } from '../../../pipelines/steps/snapshot/freeze.ts';
import { openEmbeddedSource } from '../../../pipelines/steps/source/embedded.ts';
import { importCsv } from '../../../pipelines/steps/source/import-csv.ts';

const [action = '', home = '', argument = '', place = ''] = process.argv.slice(2);
const file = path.join(home, 'source', 'source.duckdb');

function standStill(): void {
  process.stdout.write('held\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
const holdAt = (name: string): void => {
  if (name === place) standStill();
};
const progress: Progress = {
  step: (name, options) => {
    holdAt(name);
    return silentProgress.step(name, options);
  },
};
const log: Log = { ...silentLog, info: holdAt };

if (action === 'open') {
  await Engine.open({ file, spillDir: path.join(home, 'spill-of-holder') });
  standStill();
} else if (action === 'import') {
  // The source's own row is written when all tables are filled and before the file takes its place.
  const meta = {
    kind: 'csv',
    made_by: 'test',
    as_of: null,
    until: null,
    seed: null,
    get size() {
      holdAt('source row');
      return null;
    },
  };
  await importCsv({
    dir: argument,
    encoding: 'utf-8',
    file,
    meta,
    personalColumns: new Set(),
    log,
    progress,
  });
} else {
  const source = await openEmbeddedSource(file, { spillDir: path.join(home, 'spill-of-freeze') });
  await withEngine({ spillDir: path.join(home, 'spill-of-looking') }, (engine) =>
    freeze({
      source,
      engine,
      home: { snapshots: path.join(home, 'snapshots') },
      asOf: '2026-11-03',
      clock: fixedClock('2026-11-03T09:00:00+08:00'),
      definitionsSha256: '0'.repeat(64),
      log,
      progress,
      snapshotId: argument,
    }),
  );
}
