/**
 * Filling the embedded source from CSV files: all of them or none.
 *
 * A strict scan first finds every fault of the structure, then the engine reads the file at full speed with a dialect
 * that leaves it nothing to guess, and what it read (rows, values and bytes of each column) is compared with the scan.
 * Only where the two differ is the file gone through slowly to name line, column and value.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Column, VIEWS, type View, type ViewName } from '../../../schemas/contract.ts';
import { type Engine, identifier, literal } from '../../runtime/duckdb.ts';
import { sourceTable } from '../../runtime/embedded-schema.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { fileError } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import type { Progress, ProgressStep } from '../../runtime/progress.ts';
import {
  type CsvEncoding,
  decodeGb18030,
  findUndecodable,
  hasUtf8Mark,
  linesOfRecords,
  rewriteWithLf,
  scanUtf8,
} from './csv-files.ts';
import { CsvError, type CsvProblem, faultWords, LISTED_PROBLEMS, shownValue } from './csv-problems.ts';
import { type CsvScan, MAX_RECORD_BYTES } from './csv-scan.ts';
import { valueExpression, valueWords } from './csv-values.ts';
import { createEmbeddedSource, type EmbeddedMeta, type EngineLimits } from './embedded.ts';

export type { CsvEncoding } from './csv-files.ts';

export interface ImportOptions {
  /** Folder with the six files; others in it are ignored. */
  readonly dir: string;
  /** As told; `utf-8` where nothing was. It is never guessed. */
  readonly encoding: CsvEncoding;
  /** The embedded source's file. */
  readonly file: string;
  readonly meta: EmbeddedMeta;
  /** `VIEW.COLUMN` of the personal columns: their values stay out of errors. */
  readonly personalColumns: ReadonlySet<string>;
  readonly log: Log;
  readonly progress: Progress;
  readonly limits?: EngineLimits;
}

export interface ImportedFile {
  readonly view: ViewName;
  readonly file: string;
  readonly rows: number;
}

/** Problems of one file; at least one where `total` is not 0. */
interface Findings {
  readonly total: number;
  readonly problems: readonly CsvProblem[];
}

/** A file that was found in order and stands ready for the engine. */
interface Prepared {
  readonly view: View;
  /** As the user named it. */
  readonly file: string;
  /** The same as UTF-8, line for line: the file itself or a decoded copy. */
  readonly utf8: string;
  /** The same with one kind of line end: for the engine. */
  readonly readable: string;
  readonly scan: CsvScan;
  /** Columns of the contract in the order of the file. */
  readonly columns: readonly Column[];
}

/**
 * Import the six CSV files as the embedded source, replacing the former one in one step.
 * @returns rows per file, in the order of the views
 * @throws {CsvError} E_CSV with file, line, column and value of the first problems; the former source then stays
 * @throws {ArbdataError} E_DISK_FULL, E_HOME; the former source then stays
 */
export async function importCsv(options: ImportOptions): Promise<ImportedFile[]> {
  const { log } = options;
  const imported: ImportedFile[] = [];
  const fill = async (engine: Engine, workDir: string): Promise<void> => {
    const files = await findFiles(options.dir);
    const findings: Findings[] = [];
    for (const view of VIEWS) {
      const file = files.get(view.name);
      const result =
        file === undefined ? missingFile(view, options.dir) : await prepare(view, file, workDir, options);
      if (!('scan' in result)) {
        findings.push(result);
        continue;
      }
      findings.push(await load(engine, result, options));
      imported.push({ view: view.name, file: result.file, rows: result.scan.records });
      for (const copy of new Set([result.utf8, result.readable])) {
        if (copy !== result.file) await rm(copy, { force: true });
      }
    }
    const total = findings.reduce((sum, found) => sum + found.total, 0);
    if (total > 0)
      throw new CsvError(
        findings.flatMap(({ problems }) => problems),
        total,
      );
  };
  await createEmbeddedSource(options.file, fill, options.meta, options.limits);
  for (const { view, file, rows } of imported) log.info('imported', { view, file, rows });
  return imported;
}

/** Paths of the six files, by their lower-case names. */
async function findFiles(dir: string): Promise<Map<ViewName, string>> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    throw new ArbdataError(
      'E_CSV',
      `the folder ${dir} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      {
        advice: 'Name the folder that holds arb_case.csv and the other files of the source.',
        where: { file: dir },
        cause: error,
      },
    );
  }
  const files = new Map<ViewName, string>();
  for (const { name } of VIEWS) {
    const wanted = `${sourceTable(name)}.csv`;
    const [found, ...others] = names.filter((other) => other.toLowerCase() === wanted).sort();
    if (others.length > 0) {
      throw new ArbdataError(
        'E_CSV',
        `${dir} holds several files of ${name}: ${[found, ...others].join(', ')}`,
        {
          advice: 'Leave the one that is meant.',
          where: { file: dir },
        },
      );
    }
    if (found !== undefined) files.set(name, path.join(dir, found));
  }
  return files;
}

function missingFile(view: View, dir: string): Findings {
  const file = path.join(dir, `${sourceTable(view.name)}.csv`);
  return one({
    view: view.name,
    file,
    reason: 'the file is missing',
    advice: 'Put all six files into the folder; one without rows still has its header.',
  });
}

/** Bring a file into a form that the engine cannot misread, or say what is wrong with it. */
async function prepare(
  view: View,
  file: string,
  workDir: string,
  options: ImportOptions,
): Promise<Prepared | Findings> {
  const found = await stat(file).catch(() => undefined);
  // A device or a pipe may never end; a link that leads nowhere has no size.
  if (found?.isFile() !== true) {
    const advice = 'Put the file itself into the folder.';
    return one({ view: view.name, file, reason: 'is not a file with records', advice });
  }
  const step = options.progress.step(`check ${path.basename(file)}`, { unit: 'bytes', total: found.size });
  try {
    const result = await prepareInSteps(view, file, workDir, options.encoding, step);
    if ('scan' in result) step.done();
    else step.fail();
    return result;
  } catch (error) {
    step.fail();
    // What could not be read says so itself; what is left is a copy that could not be written.
    throw fileError(error, workDir);
  }
}

async function prepareInSteps(
  view: View,
  file: string,
  workDir: string,
  encoding: CsvEncoding,
  step: ProgressStep,
): Promise<Prepared | Findings> {
  const place = { view: view.name, file };
  const advance = (sizeBytes: number): void => step.advance(sizeBytes);
  let utf8 = file;
  if (encoding === 'gb18030') {
    if (await hasUtf8Mark(file)) {
      const advice = 'Import it without --encoding.';
      return one({
        ...place,
        line: 1,
        reason: 'the file says at its start that it is UTF-8, not GB18030',
        advice,
      });
    }
    utf8 = path.join(workDir, `${sourceTable(view.name)}.utf-8.csv`);
    if (!(await decodeGb18030(file, utf8, advance))) return undecodable(view, file, encoding);
  }
  const scan = await scanUtf8(utf8, LISTED_PROBLEMS, encoding === 'utf-8' ? advance : undefined);
  if (!scan.isUtf8) return undecodable(view, file, encoding);
  if (scan.header === undefined) {
    return one({
      ...place,
      reason: 'the file is empty',
      advice: 'Write the header with the names of the columns.',
    });
  }
  const names = scan.header.fields.map((bytes) => bytes.toString('utf8').toUpperCase());
  const wrongHeader = headerProblems(view, file, scan.header.line, names);
  if (wrongHeader.length > 0) {
    // Against a wrong header nearly every record has a wrong number of fields.
    const { problems } = structureProblems(view, file, names, {
      ...scan,
      faults: scan.faults.filter(({ kind }) => kind !== 'field-count'),
    });
    const all = [...wrongHeader, ...problems];
    return { total: all.length, problems: all };
  }
  const faults = structureProblems(view, file, names, scan);
  if (faults.total > 0) return faults;
  const columns = inOrder(view, names);
  if (scan.lineEnds !== 'mixed' && scan.header.line === 1)
    return { view, file, utf8, readable: utf8, scan, columns };
  const readable = path.join(workDir, `${sourceTable(view.name)}.lf.csv`);
  await rewriteWithLf(utf8, readable);
  return { view, file, utf8, readable, scan: { ...scan, lineEnds: 'lf' }, columns };
}

/** One problem for the whole file: where the encoding is wrong, nearly every line is. */
async function undecodable(view: View, file: string, encoding: CsvEncoding): Promise<Findings> {
  const found = await findUndecodable(file, encoding);
  const advice =
    encoding === 'utf-8'
      ? 'Export the file as UTF-8, or name its encoding: --encoding gb18030.'
      : 'Export the file as UTF-8, and import it without --encoding.';
  const reason = `has bytes that are not ${encoding === 'utf-8' ? 'UTF-8' : 'GB18030'}`;
  const place = { view: view.name, file, advice };
  if (found === undefined) return one({ ...place, reason });
  const { records, line, column } = found;
  const known = view.columns.find(({ name }) => name === column?.toUpperCase());
  const others = records === 1 ? '' : ` (the first of ${records} such records)`;
  return one({ ...place, line, ...(known && { column: known.name }), reason: `${reason}${others}` });
}

function headerProblems(view: View, file: string, line: number, names: readonly string[]): CsvProblem[] {
  const known = new Set(view.columns.map(({ name }) => name));
  const place = { view: view.name, file, line };
  const advice = `The header of this file names: ${[...known].join(', ')}.`;
  const missing = [...known].filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !known.has(name));
  const duplicate = new Set(names.filter((name, index) => known.has(name) && names.indexOf(name) !== index));
  const shown = (name: string) => name.replace(/\p{Cc}/gu, '\uFFFD').slice(0, 60);
  return [
    ...missing.map((column) => ({ ...place, column, reason: 'the column is missing', advice })),
    ...unknown.map((name) => ({
      ...place,
      column: shown(name),
      reason: name === '' ? 'a column has no name (a comma too many?)' : 'the column is unknown',
      advice,
    })),
    ...[...duplicate].map((column) => ({ ...place, column, reason: 'the column stands twice', advice })),
  ];
}

function structureProblems(view: View, file: string, names: readonly string[], scan: CsvScan): Findings {
  const problems = scan.faults.map((fault): CsvProblem => {
    const column = fault.kind === 'field-count' ? undefined : names[fault.field];
    const place = { view: view.name, file, line: fault.line, ...faultWords(fault, names.length) };
    return column === undefined ? place : { ...place, column };
  });
  return { total: scan.faultCount, problems };
}

function inOrder(view: View, names: readonly string[]): Column[] {
  return names.flatMap((name) => view.columns.filter((column) => column.name === name));
}

/** Fill the view's table; where a value cannot be read, say which. */
async function load(engine: Engine, prepared: Prepared, options: ImportOptions): Promise<Findings> {
  const { view, columns, scan, file } = prepared;
  const table = sourceTable(view.name);
  const step = options.progress.step(`import ${table}`, { unit: 'rows', poll: () => engine.progress() });
  try {
    const names = columns.map(({ name }) => identifier(name)).join(', ');
    const values = columns.map(valueExpression).join(', ');
    await engine.run(`INSERT INTO ${table} (${names}) SELECT ${values} FROM ${reader(prepared)}`);
    if (await isComplete(engine, prepared)) {
      step.done(scan.records);
      return { total: 0, problems: [] };
    }
    const found = await valueProblems(engine, prepared, options.personalColumns);
    step.fail();
    if (found.total > 0) return found;
  } catch (error) {
    step.fail();
    throw error;
  }
  throw new ArbdataError('E_CSV', `${file} was read differently by the check and by the engine`, {
    advice:
      'Make sure that nothing writes the file during the import and run it again; else report this as a defect.',
    where: { file },
  });
}

/**
 * The engine's reader with every choice made for it but one: `new_line = '\\r\\n'` makes it read no row at all, so
 * it takes the line end of the header, and the scan has made sure that all others are the same.
 */
function reader({ readable, columns, scan }: Prepared): string {
  const types = columns.map(({ name }) => `${literal(name)}: 'VARCHAR'`).join(', ');
  const lineBytes = Math.min(
    Math.max(2 * 1024 * 1024, scan.longestRecordBytes + 1024),
    MAX_RECORD_BYTES + 1024,
  );
  const options = [
    'auto_detect = false',
    `columns = {${types}}`,
    'header = true',
    "delim = ','",
    `quote = '"'`,
    `escape = '"'`,
    "comment = ''",
    "nullstr = ''",
    'null_padding = false',
    'ignore_errors = false',
    'strict_mode = true',
    "compression = 'none'",
    "encoding = 'utf-8'",
    `max_line_size = ${lineBytes}`,
    // The engine's default of 16 lines a buffer would be 256 MiB for the longest record that is allowed.
    `buffer_size = ${Math.max(32 * 1024 * 1024, 2 * lineBytes)}`,
  ];
  return `read_csv(${literal(readable)}, ${options.join(', ')})`;
}

/** Whether the table holds as many rows, values and bytes of text in each column as the scan counted. */
async function isComplete(engine: Engine, { view, columns, scan }: Prepared): Promise<boolean> {
  const counts = columns.map(({ name }, index) => `count(${identifier(name)}) AS filled_${index}`);
  const sizes = columns.flatMap(({ name, type }, index) =>
    type === 'text'
      ? [`CAST(coalesce(sum(strlen(${identifier(name)})), 0) AS VARCHAR) AS bytes_${index}`]
      : [],
  );
  const row = await engine.one<Record<string, string>>(
    `SELECT count(*) AS row_count, ${[...counts, ...sizes].join(', ')} FROM ${sourceTable(view.name)}`,
  );
  return (
    Number(row.row_count) === scan.records &&
    columns.every(
      ({ type }, index) =>
        Number(row[`filled_${index}`]) === scan.filled[index] &&
        (type !== 'text' || Number(row[`bytes_${index}`]) === scan.sizeBytes[index]),
    )
  );
}

/** The slow way, taken only when something is wrong: number the records, find the texts that are no values. */
async function valueProblems(
  engine: Engine,
  prepared: Prepared,
  personalColumns: ReadonlySet<string>,
): Promise<Findings> {
  const { view, file, utf8, columns } = prepared;
  const typed = columns.filter(({ type }) => type !== 'text');
  if (typed.length === 0) return { total: 0, problems: [] };
  const unreadable = (column: Column): string =>
    `(${identifier(column.name)} IS NOT NULL AND (${valueExpression(column)}) IS NULL)`;
  const bad = typed.map(
    (column, index) =>
      `CASE WHEN ${unreadable(column)} THEN {'field': ${index}, 'value': left(${identifier(column.name)}, 100)} END`,
  );
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE unreadable AS
    SELECT record_index, bad FROM (
      SELECT record_index, unnest([${bad.join(', ')}]) AS bad
      FROM (SELECT row_number() OVER () AS record_index, * FROM ${reader(prepared)})
      WHERE ${typed.map(unreadable).join(' OR ')}
    ) WHERE bad IS NOT NULL`);
  const { total } = await engine.one<{ total: string }>('SELECT count(*) AS total FROM unreadable');
  const first = await engine.rows<{ record_index: string; field: number; value: string }>(`
    SELECT record_index, bad.field AS field, bad.value AS value FROM unreadable
    ORDER BY record_index, field LIMIT ${LISTED_PROBLEMS}`);
  await engine.run('DROP TABLE unreadable');
  const lines = await linesOfRecords(utf8, new Set(first.map((row) => Number(row.record_index))));
  const problems = first.flatMap(({ record_index, field, value }): CsvProblem[] => {
    const column = typed[field];
    const line = lines.get(Number(record_index));
    if (column === undefined || line === undefined) return [];
    const shown = shownValue(view.name, column.name, value, personalColumns);
    return [{ view: view.name, file, line, column: column.name, value: shown, ...valueWords(column) }];
  });
  return { total: Number(total), problems };
}

function one(problem: CsvProblem): Findings {
  return { total: 1, problems: [problem] };
}
