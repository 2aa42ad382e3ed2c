/** A home of its own for a test: a small or sample source, runs in-process as different people, what was made. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import ExcelJS from 'exceljs';
import { onTestFinished } from 'vitest';
import { type MacroRequest, type MacroRunEnd, runMacroMonitoring } from '../../pipelines/macro-monitoring.ts';
import { releaseRun } from '../../pipelines/release.ts';
import { type FixedClock, fixedClock } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { Logger, openTerminal } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { type Service, withService } from '../../pipelines/runtime/service.ts';
import { importSource, sourceFile } from '../../pipelines/source.ts';
import { createEmbeddedSource } from '../../pipelines/steps/source/embedded.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { type PublicationManifest, publicationManifest } from '../../schemas/publication.ts';
import { fillSource, type SourceModel } from '../revision/support.ts';

export type MadeRun = MacroRunEnd & { runId: string };

export const CLERK = 'clerk';
export const HEAD = 'head';

export class TestHome {
  readonly dir: string;
  readonly clock: FixedClock;
  /** What was written to the terminal. */
  readonly said: string[] = [];

  constructor(dir: string, instant: string) {
    this.dir = dir;
    this.clock = fixedClock(instant);
  }

  path(...names: string[]): string {
    return path.join(this.dir, ...names);
  }

  /** Do something with the service, as somebody. */
  async as<T>(actor: string, use: (service: Service) => Promise<T>): Promise<T> {
    // Runs are ordered by their start: no two at the same second.
    this.clock.advance(60_000);
    const effects = {
      clock: this.clock,
      log: new Logger({
        terminal: openTerminal({ write: (text) => this.said.push(text) }),
        clock: this.clock,
        level: 'debug' as const,
      }),
      progress: silentProgress,
      actor,
      command: 'arbdata (test)',
    };
    return withService(this.dir, effects, use);
  }

  async run(
    period: string,
    more: Omit<MacroRequest, 'period'> = {},
    actor: string = CLERK,
  ): Promise<MadeRun> {
    return this.as(actor, (service) => runMacroMonitoring(service, { period: parsePeriod(period), ...more }));
  }

  async release(runId: string, reason: string, actor: string = CLERK): Promise<MadeRun> {
    const { outcome, prepared, ...made } = await this.as(actor, (service) =>
      releaseRun(service, runId, reason),
    );
    if (outcome === undefined || prepared === undefined) throw new Error('the release made no dataset');
    return { ...made, outcome, prepared };
  }

  /** Replace the source by a model's rows. */
  async fill(model: SourceModel): Promise<void> {
    await createEmbeddedSource(this.path('source', 'source.duckdb'), (engine) => fillSource(engine, model), {
      kind: 'csv',
      made_by: 'test',
      as_of: null,
      until: null,
      seed: null,
      size: null,
    });
  }

  async import(sample: 'clean' | 'small'): Promise<void> {
    await this.as(CLERK, async (service) => {
      await importSource(service, {
        dir: path.join(PROJECT_DIR, 'test/input/samples', sample),
        encoding: 'utf-8',
      });
      if (!existsSync(sourceFile(service))) throw new Error('the import made no source');
    });
  }

  async configure(config: object): Promise<void> {
    await writeFile(this.path('config.json'), JSON.stringify(config));
  }

  /** A definition file of this home: the shipped one, changed. */
  async define(name: string, change: (shipped: never) => unknown): Promise<void> {
    const shipped = readFileSync(path.join(PROJECT_DIR, 'schemas/definitions', name), 'utf8');
    await mkdir(this.path('definitions'), { recursive: true, mode: 0o700 });
    await writeFile(this.path('definitions', name), JSON.stringify(change(JSON.parse(shipped) as never)));
  }
}

/** A home that is removed when the test ends. */
export async function temporaryHome(instant = '2026-11-09T09:00:00+08:00'): Promise<TestHome> {
  const home = await homeDir(instant);
  onTestFinished(() => removeTree(home.dir));
  return home;
}

/** A home whose end is the caller's. */
export async function homeDir(instant = '2026-11-09T09:00:00+08:00'): Promise<TestHome> {
  return new TestHome(await mkdtemp(path.join(os.tmpdir(), 'arbdata-publish-')), instant);
}

export async function manifestOf(dir: string): Promise<PublicationManifest> {
  return publicationManifest.parse(JSON.parse(await readFile(path.join(dir, 'manifest.json'), 'utf8')));
}

export async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** Every file of a folder with its hash and mode. */
export async function contentsOf(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  const pairs = files.map(async (file) => {
    const mode = ((await stat(file)).mode & 0o777).toString(8);
    return [path.relative(dir, file), `${await sha256Of(file)} ${mode}`] as const;
  });
  return Object.fromEntries((await Promise.all(pairs)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export async function openWorkbook(file: string): Promise<ExcelJS.Workbook> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  return workbook;
}

/** The texts and numbers of a sheet, row by row, merged cells once. */
export function rowsOf(workbook: ExcelJS.Workbook, sheetName: string): string[][] {
  const sheet = workbook.getWorksheet(sheetName);
  if (sheet === undefined) throw new Error(`no sheet ${sheetName}`);
  const rows: string[][] = [];
  sheet.eachRow((row) => {
    const cells: string[] = [];
    row.eachCell({ includeEmpty: true }, (cell) => {
      cells.push(cell.isMerged && cell.master !== cell ? '' : textOf(cell.value));
    });
    rows.push(cells);
  });
  return rows;
}

function textOf(value: ExcelJS.CellValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  if ('result' in value) return textOf(value.result as ExcelJS.CellValue);
  if ('richText' in value) return value.richText.map(({ text }) => text).join('');
  return JSON.stringify(value);
}

/** All text of a sheet. */
export function textOfSheet(workbook: ExcelJS.Workbook, sheetName: string): string {
  return rowsOf(workbook, sheetName)
    .map((cells) => cells.filter((text) => text !== '').join(' '))
    .join('\n');
}

/** The dataset's CSV as `scope/body/indicator` → value. */
export async function valuesOf(dir: string, file: string): Promise<Map<string, string>> {
  const text = (await readFile(path.join(dir, file), 'utf8')).replace(/^\uFEFF/, '');
  const lines = text.trimEnd().split('\r\n').slice(1);
  return new Map(
    lines.map((line) => {
      const [, scope, org, , id, , , value = ''] = line.split(',');
      return [`${scope}/${org}/${id}`, value];
    }),
  );
}
