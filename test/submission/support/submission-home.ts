/** A home with a source of raw rows: batches built from it, packages, the platform's view of them, receipts. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import {
  runNationalPlatform,
  type SubmissionOutcome,
  type SubmissionRequest,
  type SubmissionRunEnd,
} from '../../../pipelines/national-platform.ts';
import { importReceipts } from '../../../pipelines/receipts.ts';
import type { Engine } from '../../../pipelines/runtime/duckdb.ts';
import { literal, withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { PROJECT_DIR } from '../../../pipelines/runtime/project.ts';
import { createEmbeddedSource } from '../../../pipelines/steps/source/embedded.ts';
import { type Batch, submissions } from '../../../pipelines/submissions.ts';
import { type Submitted, submit } from '../../../pipelines/submit.ts';
import { engineType, VIEWS } from '../../../schemas/contract.ts';
import { parsePeriod } from '../../../schemas/period.ts';
import { homeDir, TestHome } from '../../publish/support.ts';
import { Calendar, dayOf } from '../../reference/dates.ts';
import { keepOnePerKey, type RawSource } from '../../reference/source.ts';
import { type ReferenceState, referenceState } from '../../reference/submission.ts';
import {
  type ReceiptWish,
  receiptsOf,
  type SentRecord,
  recordsOf as sentRecords,
  type Verdict,
} from '../../support/platform/judge.ts';

export const SHIPPED_XSD = path.join(
  PROJECT_DIR,
  'schemas/definitions/platforms/national-submission-2024-1.xsd',
);
export const AS_OF = '2026-12-05';
/** Of HMAC-SM3, in every test. */
export const IDENTITY_KEY = '00112233445566778899aabbccddeeff';

const calendar = new Calendar(
  JSON.parse(readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/working-days.json'), 'utf8')),
);

export class SubmissionHome {
  readonly home: TestHome;

  private constructor(home: TestHome) {
    this.home = home;
  }

  /** A home whose clock stands after the last month that is asked for. Identity numbers are hashed with the tests' key. */
  static async open(config: object = {}): Promise<SubmissionHome> {
    process.env['ARBDATA_IDENTITY_KEY'] = IDENTITY_KEY;
    const home = await homeDir(`${AS_OF}T09:00:00+08:00`);
    await home.configure({ threads: 1, memoryLimitMb: 300, ...config });
    return new SubmissionHome(home);
  }

  /** The same with another folder: a copy of this one. */
  at(dir: string): SubmissionHome {
    const home = new TestHome(dir, this.home.clock.now().toISOString());
    return new SubmissionHome(home);
  }

  get dir(): string {
    return this.home.dir;
  }

  /** Replace the source. */
  async fill(source: RawSource): Promise<void> {
    await createEmbeddedSource(
      this.home.path('source', 'source.duckdb'),
      (engine) => insertRows(engine, source),
      { kind: 'csv', made_by: 'test', as_of: null, until: null, seed: null, size: null },
      { threads: 1 },
    );
  }

  /** Put the layout of a platform into the home. */
  layout(name: string, platform: object): void {
    const dir = this.home.path('definitions', 'platforms');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(path.join(dir, name), JSON.stringify(platform));
  }

  async build(
    period: string,
    more: Partial<Omit<SubmissionRequest, 'period'>> = {},
  ): Promise<SubmissionRunEnd & { runId: string }> {
    const request = { asOf: AS_OF, ...more, period: parsePeriod(period) };
    return this.home.as('clerk', (service) => runNationalPlatform(service, request));
  }

  async send(batch: string): Promise<Submitted> {
    return this.home.as('clerk', (service) => submit(service, { batch }));
  }

  async batches(): Promise<Batch[]> {
    return this.home.as('clerk', submissions);
  }

  /** Import receipts with these answers. */
  async answer(batch: string, verdicts: readonly Verdict[], wish: ReceiptWish = {}) {
    return this.import(receiptsOf(batch, verdicts, wish));
  }

  /** Import receipts from a folder of their own. */
  async import(files: readonly { readonly name: string; readonly text: string }[]) {
    const inbox = this.newFolder('inbox');
    for (const { name, text } of files) writeFileSync(path.join(inbox, name), text);
    return this.home.as('clerk', (service) => importReceipts(service, inbox));
  }

  /** Accept every record of a batch. */
  async accept(outcome: SubmissionOutcome): Promise<void> {
    const verdicts = recordsOf(outcome).map(({ id }) => ({ id, result: 'accepted' as const }));
    await this.answer(outcome.batch ?? '', verdicts);
  }

  /** Rows of a query over files of the home. */
  async query<T>(sql: string): Promise<T[]> {
    return withEngine({ spillDir: this.newFolder('spill'), threads: 1 }, (engine) => engine.rows<T>(sql));
  }

  /** A new folder of the test beside what the service keeps. */
  newFolder(name: string): string {
    const dir = this.home.path('test', `${name}-${this.#folders++}`);
    mkdirSync(dir, { recursive: true });
    return dir;
  }
  #folders = 0;
}

/** What the reference says of a source at the end of a month. */
export function stateOf(source: RawSource, period: string): ReferenceState {
  return referenceState(keepOnePerKey(source), {
    period,
    asOfDay: dayOf(AS_OF),
    cutoffDay: undefined,
    calendar,
    identityKey: Buffer.from(IDENTITY_KEY, 'hex'),
  });
}

async function insertRows(engine: Engine, source: RawSource): Promise<void> {
  for (const view of VIEWS) {
    const rows = source[view.name].map((row) => {
      const values = view.columns.map((column) => {
        const value = row[column.name] ?? null;
        return value === null ? 'NULL' : `CAST(${literal(value)} AS ${engineType(column)})`;
      });
      return `(${values.join(', ')})`;
    });
    if (rows.length > 0) await engine.run(`INSERT INTO ${view.name.toLowerCase()} VALUES ${rows.join(', ')}`);
  }
}

/** The package of an outcome, whether its batch was built or held. */
export function packageFile({ dir, files }: Pick<SubmissionOutcome, 'dir' | 'files'>): string {
  const name = files.find((file) => /\.zip(\.age)?$/.test(file));
  if (name === undefined) throw new Error(`there is no package among ${files.join(', ')}`);
  return path.join(dir, name);
}

/** Its entries, unpacked. */
export function entriesOf(outcome: Pick<SubmissionOutcome, 'dir' | 'files'>): Map<string, Buffer> {
  const entries = Object.entries(unzipSync(readFileSync(packageFile(outcome))));
  return new Map(entries.map(([name, bytes]) => [name, Buffer.from(bytes)]));
}

/** Its records as the platform reads them. */
export function recordsOf(outcome: Pick<SubmissionOutcome, 'dir' | 'files'>): SentRecord[] {
  return sentRecords(readFileSync(packageFile(outcome)));
}

/** What a record says after its id and op. */
export function saidIn({ content }: Pick<SentRecord, 'content'>): string {
  return content.replace(/^<recordId>[^<]*<\/recordId><op>[IUD]<\/op>/, '');
}

/** What xmllint says against files that are not valid; empty where all are. */
export function xmllint(xsd: string, files: readonly string[]): string {
  if (files.length === 0) return '';
  try {
    execFileSync('xmllint', ['--noout', '--nonet', '--schema', xsd, ...files], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error);
  }
}

/** Write the XML files of a package into a folder. */
export function writeXml(dir: string, entries: ReadonlyMap<string, Buffer>): string[] {
  mkdirSync(dir, { recursive: true });
  const names = [...entries.keys()].filter((name) => name.endsWith('.xml'));
  for (const name of names) writeFileSync(path.join(dir, name), entries.get(name) ?? '');
  return names.map((name) => path.join(dir, name));
}

/** Every regular file below a folder. */
export function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .toSorted();
}
