/** A synthetic source: made in SQL, deterministic, with known defects listed beside it. */
import { existsSync } from 'node:fs';
import { lastCompleteMonth, type Period } from '../schemas/period.ts';
import { recover } from './recovery.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { sourceKind } from './runtime/config.ts';
import { ArbdataError } from './runtime/errors.ts';
import { writeFileAtomic } from './runtime/files.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import { engineLimits, type Service } from './runtime/service.ts';
import { defectsFile, sourceFile, withSource } from './source.ts';
import { type DefectList, type DemoSize, demoAsOf, fillDemo } from './steps/demo/demo.ts';
import { createEmbeddedSource } from './steps/source/embedded.ts';

export { DEMO_SIZES, type DemoSize } from './steps/demo/demo.ts';

export interface DemoRequest {
  readonly size: DemoSize;
  readonly seed: number;
  /** The last month with data; absent: the last complete month today. */
  readonly until?: Period | undefined;
  /** Replace a source that is not a demo. */
  readonly replace: boolean;
}

export interface DemoOutcome {
  readonly file: string;
  readonly defectsFile: string;
  readonly asOf: string;
  readonly until: string;
  readonly defects: number;
}

/** Whether this home has a source; a database counts as one, reachable or not. */
export function hasSource(service: Service): boolean {
  return sourceKind(service.config, process.env) !== 'embedded' || existsSync(sourceFile(service));
}

/**
 * Make the demo source, replacing an earlier demo.
 * @throws ArbdataError E_USAGE when the home's source is not a demo and `replace` is not set
 */
export async function makeDemo(service: Service, request: DemoRequest): Promise<DemoOutcome> {
  await recover(service);
  await protectRealSource(service, request.replace);
  const until = request.until ?? lastCompleteMonth(shanghaiDate(service.clock));
  if (until.kind !== 'month') {
    throw new ArbdataError('E_USAGE', `--until ${until.text} is not a month`, {
      advice: 'Give it as YYYY-MM.',
    });
  }
  const { size, seed } = request;
  const asOf = demoAsOf({ size, seed, until: until.text });
  let list: DefectList = { defects: [], sideEffects: [] };
  await createEmbeddedSource(
    sourceFile(service),
    async (engine) => {
      let share = 0;
      const shown = service.progress.step(`demo source, size ${size}`, { poll: () => share });
      try {
        ({ defects: list } = await fillDemo(engine, { size, seed, until: until.text }, (done) => {
          share = done;
        }));
      } catch (error) {
        shown.fail();
        throw error;
      }
      shown.done();
    },
    {
      kind: 'demo',
      made_by: `arbdata ${TOOL_VERSION}`,
      as_of: asOf,
      until: until.text,
      seed: String(seed),
      size,
    },
    engineLimits(service),
  );
  await writeFileAtomic(
    defectsFile(service),
    `${JSON.stringify({ size, seed, until: until.text, asOf, ...list }, null, 1)}\n`,
  );
  await service.ledger.appendAudit({
    actor: service.actor,
    action: 'source.demo',
    subject: 'source',
    detail: { size, seed, until: until.text },
  });
  return {
    file: sourceFile(service),
    defectsFile: defectsFile(service),
    asOf,
    until: until.text,
    defects: list.defects.length,
  };
}

async function protectRealSource(service: Service, replace: boolean): Promise<void> {
  if (replace || !hasSource(service)) return;
  const kind = await withSource(service, async (source) => source.describe().details.kind ?? '');
  if (kind === 'demo') return;
  throw new ArbdataError('E_USAGE', `this home's source is not a demo (${kind})`, {
    advice: 'Use another home (--home DIR), or add --replace to give that source up.',
  });
}
