/** The definitions in force: shipped data files, each of which a home's definitions/ may replace. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { type AgreementFile, agreementFile } from '../../schemas/agreement.ts';
import { type DistrictMap, type DistrictsFile, districtMap, districtsFile } from '../../schemas/cockpit.ts';
import {
  type ComparisonFile,
  comparisonFile,
  type SyllablesFile,
  syllablesFile,
} from '../../schemas/comparison.ts';
import {
  type CodesFile,
  codesFile,
  type IndicatorsFile,
  indicatorsFile,
  type PersonalColumnsFile,
  personalColumnsFile,
  type Rule,
  rulesFile,
  type WorkingDaysFile,
  workingDaysFile,
} from '../../schemas/definitions.ts';
import { type FormsFile, formIndicators, formsFile } from '../../schemas/forms.ts';
import { type SchedulesFile, schedulesFile } from '../../schemas/schedules.ts';
import { type SourceNamesFile, sourceNamesFile } from '../../schemas/source-names.ts';
import { type Platform, platformFile } from '../../schemas/submission.ts';
import { cronProblem } from './cron.ts';
import { ArbdataError } from './errors.ts';
import { fileError } from './files.ts';
import { PROJECT_DIR } from './project.ts';

export interface Definitions {
  readonly codes: CodesFile;
  readonly rules: readonly Rule[];
  readonly indicators: IndicatorsFile;
  readonly workingDays: WorkingDaysFile;
  readonly personalColumns: PersonalColumnsFile;
  readonly forms: FormsFile;
  readonly comparison: ComparisonFile;
  readonly syllables: SyllablesFile;
  /** What each platform takes, by product and version. */
  readonly platforms: readonly Platform[];
  /** SHA-256 over the names and bytes of all files used, in a fixed order. */
  readonly sha256: string;
  /** Files that came from the home rather than from the product. */
  readonly overridden: readonly string[];
}

/**
 * Load and check all definition files.
 * @param homeDefinitionsDir a home's `definitions/`; a file in it replaces the shipped one of the same name
 * @throws ArbdataError E_DEFINITION naming the file and the place in it
 */
export function loadDefinitions(homeDefinitionsDir?: string): Definitions {
  refuseStrangers(homeDefinitionsDir);
  const hash = createHash('sha256');
  const overridden: string[] = [];
  const load = <S extends z.ZodType>(name: string, schema: S): z.infer<S> => {
    const own = homeDefinitionsDir === undefined ? undefined : path.join(homeDefinitionsDir, name);
    const isOwn = own !== undefined && existsSync(own);
    const file = isOwn ? own : path.join(PROJECT_DIR, 'schemas/definitions', name);
    if (isOwn) overridden.push(name);
    const text = readText(file);
    hash.update(`${name}\0${text}\0`);
    return parseDefinition(file, text, schema);
  };
  const codes = load('codes.json', codesFile);
  const { rules } = load('rules.json', rulesFile);
  checkRules(rules);
  const indicators = load('indicators.json', indicatorsFile);
  const workingDays = load('working-days.json', workingDaysFile);
  const personalColumns = load('personal-columns.json', personalColumnsFile);
  const forms = load('forms.json', formsFile);
  const comparison = load('comparison.json', comparisonFile);
  const syllables = load('syllables.json', syllablesFile);
  const platforms = platformNames(homeDefinitionsDir).map((name) =>
    load(`${PLATFORMS_FOLDER}/${name}`, platformFile),
  );
  checkPlatforms(platforms, codes);
  checkReferences(indicators, forms);
  return {
    codes,
    rules,
    indicators,
    workingDays,
    personalColumns,
    forms,
    comparison,
    syllables,
    platforms,
    sha256: hash.digest('hex'),
    overridden,
  };
}

/** The file of a home that says what the views and columns are called in its database. */
const SOURCE_NAMES_FILE = 'source-names.json';

/**
 * The names of the database's views and columns where they are not the contract's; undefined without such a file.
 * It says where the data are, not what they mean: it is no part of the hash of the definitions.
 * @throws ArbdataError E_CONFIG naming the file and the place in it
 */
export function loadSourceNames(homeDefinitionsDir: string): SourceNamesFile | undefined {
  const file = path.join(homeDefinitionsDir, SOURCE_NAMES_FILE);
  if (!existsSync(file)) return undefined;
  const advice = 'Mend the file; docs/oracle.md, "Renaming", shows its form.';
  return parseJson(file, readText(file), { schema: sourceNamesFile, code: 'E_CONFIG', advice });
}

/**
 * The files of the definitions in force, by name: the home's own where it has one. With these files in another home's
 * `definitions/`, the hash of the definitions is the same.
 */
export function definitionFiles(
  homeDefinitionsDir: string,
): { readonly name: string; readonly file: string }[] {
  const platforms = platformNames(homeDefinitionsDir).map((name) => `${PLATFORMS_FOLDER}/${name}`);
  return [...DEFINITION_FILES, ...platforms].flatMap((name) => {
    const own = path.join(homeDefinitionsDir, name);
    if (existsSync(own)) return [{ name, file: own }];
    return OWN_ALONE.includes(name)
      ? []
      : [{ name, file: path.join(PROJECT_DIR, 'schemas/definitions', name) }];
  });
}

const SCHEDULES_FILE = 'schedules.json';
/** Where the districts stand on the map. */
const DISTRICTS_FILE = 'districts.json';

/** What may explain why table, platform and cockpit differ. */
const AGREEMENT_FILE = 'agreement.json';

/** Files that are no part of the hash: only a home's own one belongs to it. */
const OWN_ALONE: readonly string[] = [SOURCE_NAMES_FILE, SCHEDULES_FILE, DISTRICTS_FILE, AGREEMENT_FILE];

/** What the service runs by itself, and the days by which it reckons. */
export interface ScheduleDefinitions {
  readonly schedules: SchedulesFile['schedules'];
  readonly workingDays: WorkingDaysFile;
}

/**
 * The schedules in force, with the calendar as it is now: a running service looks again and again. They say when, not
 * what figures mean: schedules.json is no part of the hash of the definitions.
 * @throws ArbdataError E_DEFINITION naming the file and the place in it
 */
export function loadSchedules(homeDefinitionsDir: string): ScheduleDefinitions {
  const { schedules } = loadFile(homeDefinitionsDir, SCHEDULES_FILE, schedulesFile);
  for (const [index, { when }] of schedules.entries()) {
    const wrong = typeof when === 'string' ? cronProblem(when) : undefined;
    if (wrong !== undefined) throw definitionError(SCHEDULES_FILE, `schedules.${index}.when: ${wrong}`);
  }
  return { schedules, workingDays: loadFile(homeDefinitionsDir, 'working-days.json', workingDaysFile) };
}

/** One definition file: the home's own, else the shipped one. */
function loadFile<S extends z.ZodType>(homeDefinitionsDir: string, name: string, schema: S): z.infer<S> {
  const own = path.join(homeDefinitionsDir, name);
  const file = existsSync(own) ? own : path.join(PROJECT_DIR, 'schemas/definitions', name);
  return parseDefinition(file, readText(file), schema);
}

/**
 * The tiles of the map, the home's own where it has some. No figure follows from them: they are no part of the hash of
 * the definitions.
 * @throws ArbdataError E_DEFINITION naming the file and the place in it
 */
export function loadDistricts(homeDefinitionsDir: string): DistrictsFile {
  return loadFile(homeDefinitionsDir, DISTRICTS_FILE, districtsFile);
}

/**
 * The classes and reasons of the three-way agreement. It says how figures differ, not what they are: it is no part of
 * the hash of the definitions.
 * @throws ArbdataError E_DEFINITION naming the file and the place in it
 */
export function loadAgreement(homeDefinitionsDir: string): AgreementFile {
  return loadFile(homeDefinitionsDir, AGREEMENT_FILE, agreementFile);
}

/**
 * The bureau's own map of its districts; no figure follows from it.
 * @returns undefined where the home brings none
 * @throws ArbdataError E_DEFINITION naming the place in it
 */
export function loadDistrictMap(homeDefinitionsDir: string): DistrictMap | undefined {
  const file = path.join(homeDefinitionsDir, 'districts.geojson');
  if (!existsSync(file)) return undefined;
  const advice = 'Mend the file, or remove it from the home so that the map of tiles is shown.';
  return parseJson(file, readText(file), { schema: districtMap, code: 'E_DEFINITION', advice });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, file);
  }
}

const DEFINITION_FILES: readonly string[] = [
  'codes.json',
  'rules.json',
  'indicators.json',
  'working-days.json',
  'personal-columns.json',
  'forms.json',
  SOURCE_NAMES_FILE,
  DISTRICTS_FILE,
  'comparison.json',
  'syllables.json',
  SCHEDULES_FILE,
  AGREEMENT_FILE,
];

/** Shipped and own files with the layouts of platforms; an own one of a shipped name replaces it. */
const PLATFORMS_FOLDER = 'platforms';

function platformNames(homeDefinitionsDir: string | undefined): string[] {
  const dirs = [path.join(PROJECT_DIR, 'schemas/definitions'), homeDefinitionsDir ?? ''];
  const names = dirs.flatMap((dir) => {
    const folder = path.join(dir, PLATFORMS_FOLDER);
    return dir !== '' && existsSync(folder) ? readdirSync(folder) : [];
  });
  return [...new Set(names.filter((name) => name.endsWith('.json')))].sort();
}

/** One file per platform and version; one prefix per platform, and every list of codes has codes for it. */
function checkPlatforms(platforms: readonly Platform[], codes: CodesFile): void {
  const refuse = ({ product, version }: Platform, what: string): never => {
    throw definitionError(PLATFORMS_FOLDER, `${product} ${version}: ${what}`);
  };
  for (const [index, platform] of platforms.entries()) {
    for (const other of platforms.slice(0, index)) {
      const isSame = other.product === platform.product;
      if (isSame && other.version === platform.version) refuse(platform, 'this version stands twice');
      if (isSame !== (other.batchPrefix === platform.batchPrefix))
        refuse(
          platform,
          `the prefix of batches must be one per platform (${other.product} has ${other.batchPrefix})`,
        );
      // A record keeps its name for ever: what the platform holds could not be named under another.
      if (isSame && other.recordPrefix !== platform.recordPrefix)
        refuse(
          platform,
          `the prefix of records must stay what it is in version ${other.version} (${other.recordPrefix})`,
        );
    }
    const { fields, parties, claims } = platform;
    for (const group of [fields, parties?.fields ?? [], claims?.fields ?? []]) {
      const twice = group.find((field, place) =>
        group.slice(0, place).some(({ element }) => element === field.element),
      );
      if (twice !== undefined) refuse(platform, `element ${twice.element} stands twice`);
      for (const field of group) {
        if (field.type !== 'code' || field.list === undefined) continue;
        const { entries } = codes.lists[field.list] ?? { entries: [] };
        if (!entries.some(({ nationalCode }) => nationalCode !== undefined))
          refuse(platform, `element ${field.element}: list ${field.list} has no national codes`);
      }
    }
  }
}

/** A misspelt file name would leave the shipped definition in force without a word. */
function refuseStrangers(dir: string | undefined): void {
  if (dir === undefined || !existsSync(dir)) return;
  const stranger = readdirSync(dir).find(
    (name) => name.endsWith('.json') && !DEFINITION_FILES.includes(name),
  );
  if (stranger === undefined) return;
  throw new ArbdataError('E_DEFINITION', `${path.join(dir, stranger)} is no definition file`, {
    advice: `Name it as one of ${DEFINITION_FILES.join(', ')}, or move it away.`,
    where: { file: path.join(dir, stranger) },
  });
}

function parseDefinition<S extends z.ZodType>(file: string, text: string, schema: S): z.infer<S> {
  const advice = 'Mend the file, or remove it from the home so that the shipped one is used.';
  return parseJson(file, text, { schema, code: 'E_DEFINITION', advice });
}

function parseJson<S extends z.ZodType>(
  file: string,
  text: string,
  { schema, code, advice }: { schema: S; code: 'E_DEFINITION' | 'E_CONFIG'; advice: string },
): z.infer<S> {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ArbdataError(code, `${file} is not JSON: ${(error as Error).message}`, {
      advice,
      where: { file },
      cause: error,
    });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join('.');
  throw new ArbdataError(code, `${file}: ${place === '' ? '' : `${place}: `}${issue?.message}`, {
    advice,
    where: { file, ...(place === undefined || place === '' ? {} : { column: place }) },
    cause: result.error,
  });
}

/** Every rule has its condition in SQL, and none stands twice. */
function checkRules(rules: readonly Rule[]): void {
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (ids.has(id)) throw definitionError('rules.json', `rule ${id} stands twice`);
    ids.add(id);
    if (existsSync(path.join(PROJECT_DIR, 'sql/rules', `${id}.sql`))) continue;
    throw definitionError('rules.json', `rule ${id} has no condition: there is no sql/rules/${id}.sql`);
  }
}

/** Every indicator that is named exists, is a sum where it is added up, and no identifier stands twice. */
function checkReferences({ indicators, balances }: IndicatorsFile, forms: FormsFile): void {
  const ids = new Set<string>();
  for (const { id } of indicators) {
    if (ids.has(id)) throw definitionError('indicators.json', `indicator ${id} stands twice`);
    ids.add(id);
  }
  const sums = new Set(indicators.flatMap((one) => ('population' in one ? [one.id] : [])));
  const added = [
    ...balances.flatMap(({ relations }) =>
      relations.flatMap(({ left, right }) => [...left, ...right].map((term) => term.replace('-', ''))),
    ),
    ...indicators.flatMap((indicator) =>
      'denominator' in indicator
        ? [
            ...indicator.denominator,
            ...('indicators' in indicator.numerator ? indicator.numerator.indicators : []),
          ]
        : [],
    ),
  ];
  for (const id of [...added, ...formIndicators(forms)]) {
    if (!ids.has(id))
      throw definitionError('indicators.json or forms.json', `indicator ${id} is used but not defined`);
  }
  for (const id of added) {
    if (!sums.has(id)) throw definitionError('indicators.json', `indicator ${id} is added up but is no sum`);
  }
}

function definitionError(file: string, message: string): ArbdataError {
  return new ArbdataError('E_DEFINITION', `${file}: ${message}`, {
    advice: 'Mend the file, or remove it from the home so that the shipped one is used.',
    where: { file },
  });
}
