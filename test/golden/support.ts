/** Homes of golden cases: a source of CSV files, runs of its periods, and what they leave. */
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runMacroMonitoring } from '../../pipelines/macro-monitoring.ts';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { silentLog } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { openEngine, type Service, withService } from '../../pipelines/runtime/service.ts';
import { importSource } from '../../pipelines/source.ts';
import { parsePeriod } from '../../schemas/period.ts';
import type { RawRow, RawSource } from '../reference/source.ts';

export const INPUT_DIR = path.join(PROJECT_DIR, 'test/input');
export const OUTPUT_DIR = path.join(PROJECT_DIR, 'test/output');

/** A home for a whole test file. */
export class GoldenHome {
  readonly dir: string;
  readonly #clock = fixedClock('2026-11-09T09:00:00+08:00');

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** A home whose source is a folder of CSV files. */
  static async of(inputDir: string, config: object = {}): Promise<GoldenHome> {
    const home = new GoldenHome(await mkdtemp(path.join(os.tmpdir(), 'arbdata-golden-')));
    await writeFile(path.join(home.dir, 'config.json'), JSON.stringify(config));
    try {
      await home.use((service) => importSource(service, { dir: inputDir, encoding: 'utf-8' }));
      return home;
    } catch (error) {
      await home.remove();
      throw error;
    }
  }

  async use<T>(action: (service: Service) => Promise<T>): Promise<T> {
    this.#clock.advance(60_000);
    const effects = { clock: this.#clock, log: silentLog, progress: silentProgress };
    return withService(this.dir, { ...effects, actor: 'tester', command: 'arbdata (test)' }, action);
  }

  async run(period: string, asOf: string) {
    return this.use((service) => runMacroMonitoring(service, { period: parsePeriod(period), asOf }));
  }

  /** Rows of a query over files of this home. */
  async query<T>(sql: string): Promise<T[]> {
    return this.use(async (service) => {
      const engine = await openEngine(service);
      try {
        return await engine.rows<T>(sql);
      } finally {
        engine.close();
      }
    });
  }

  async remove(): Promise<void> {
    await removeTree(this.dir);
  }
}

/** Rows of a CSV file that quotes nothing; empty fields are null. */
export function plainCsv(file: string): RawRow[] {
  const [header = [], ...records] = readFileSync(file, 'utf8')
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return records.map((record) =>
    Object.fromEntries(header.map((name, place) => [name, record[place] || null])),
  );
}

/** The six views from a folder of CSV files in any form that the contract allows. */
export function quotedCsv(dir: string): RawSource {
  const view = (name: string) => {
    const text = readFileSync(path.join(dir, `${name}.csv`), 'utf8').replace(/^\uFEFF/, '');
    const [header = [], ...records] = recordsOf(text);
    const names = header.map((column) => column.toUpperCase());
    return records.map(
      (record): RawRow => Object.fromEntries(names.map((column, place) => [column, record[place] || null])),
    );
  };
  return {
    ARB_ORG: view('arb_org'),
    ARB_CASE: view('arb_case'),
    ARB_PARTY: view('arb_party'),
    ARB_CLAIM: view('arb_claim'),
    ARB_MEDIATION: view('arb_mediation'),
    PRE_APPLICATION: view('pre_application'),
  };
}

/** RFC 4180: fields of each record, quotes taken away. */
function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/g)) {
    record.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}
