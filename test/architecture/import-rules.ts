/** Who may import whom, decided on the syntax tree of each file: one direction, and one door to each engine. */
import path from 'node:path';
import { parseAst } from 'vitest/node';

export interface ImportStatement {
  /** From 1. */
  readonly line: number;
  /** What is imported as written, or undefined where it is not a literal. */
  readonly specifier: string | undefined;
}

export interface Violation {
  /** `file:line`. */
  readonly at: string;
  readonly specifier: string;
  readonly rule: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [property: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/**
 * Every import of a TypeScript text: static, dynamic, type-only, re-export, `import('…')` types, `require`,
 * `require.resolve`, and `new URL('….ts', import.meta.url)` (how workers and child processes name a file).
 */
export function importsOf(source: string): ImportStatement[] {
  const found: ImportStatement[] = [];
  const visit = (node: Node): void => {
    const imported = importedBy(node);
    if (imported !== undefined) {
      const line = source.slice(0, node.start).split('\n').length;
      found.push({ line, specifier: textOf(imported) });
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  };
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node);
  return found.sort((a, b) => a.line - b.line);
}

/** The node that holds what an import statement names, or undefined where the node imports nothing. */
function importedBy(node: Node): Node | undefined {
  const firstArgument = () => (node['arguments'] as unknown[] | undefined)?.find(isNode);
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return isNode(node['source']) ? node['source'] : undefined;
    case 'TSExternalModuleReference':
      return isNode(node['expression']) ? node['expression'] : undefined;
    case 'CallExpression':
      return isNode(node['callee']) && isRequire(node['callee']) ? firstArgument() : undefined;
    case 'NewExpression': {
      const isUrl = isNode(node['callee']) && node['callee']['name'] === 'URL';
      const argument = firstArgument();
      return isUrl && argument !== undefined && textOf(argument)?.endsWith('.ts') === true
        ? argument
        : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether a callee is `require`, `require.resolve` or `import.meta.resolve`. */
function isRequire(callee: Node): boolean {
  if (callee['name'] === 'require') return true;
  const { object, property } = callee;
  if (!isNode(object) || !isNode(property) || property['name'] !== 'resolve') return false;
  return object['name'] === 'require' || object.type === 'MetaProperty';
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type === 'TSLiteralType' && isNode(node['literal'])) return textOf(node['literal']);
  return undefined;
}

/** Where a file stands, as the rules see it. */
type Place =
  | 'schemas'
  | 'exports'
  | 'pipelines/runtime'
  | `pipelines/steps/${string}`
  | 'pipelines'
  | 'app'
  | 'bench'
  | 'test'
  | 'elsewhere';

/** The place of a file, named from the project folder with `/` separators. */
function placeOf(file: string): Place {
  const [top, second, third] = file.split('/');
  if (top === 'pipelines' && second === 'runtime') return 'pipelines/runtime';
  if (top === 'pipelines' && second === 'steps' && third !== undefined) {
    return `pipelines/steps/${third.replace(/\.ts$/, '')}`;
  }
  const places = ['schemas', 'exports', 'pipelines', 'app', 'bench', 'test'] as const;
  return places.find((place) => place === top) ?? 'elsewhere';
}

/** Which places a file of a place may import from; its own place is always allowed. */
function mayImport(from: Place, to: Place): boolean {
  if (from === to) return true;
  if (from === 'test') return true;
  if (to === 'app' || to === 'test' || to === 'bench' || to === 'elsewhere') return false;
  if (from === 'schemas') return false;
  if (from === 'exports' || from === 'pipelines/runtime') return to === 'schemas';
  if (from.startsWith('pipelines/steps/')) return to === 'pipelines/runtime' || to === 'schemas';
  if (from === 'app') return to === 'pipelines' || to === 'pipelines/runtime';
  return from === 'pipelines' || from === 'bench';
}

interface Door {
  /** What may pass only here. */
  readonly packages: RegExp;
  /** Files that are the door. */
  readonly files: RegExp;
  readonly rule: string;
}

/** Sockets, protocols over them, and clients of those. */
const NETWORK =
  /^(node:)?(net|http|https|http2|tls|dgram|dns)($|\/)|^(ssh2|ssh2-sftp-client|nodemailer|undici|ws|axios|got|node-fetch)($|\/)/;

/** Engines and drivers: each is reached through one place. Tests may use them to look from outside. */
const DOORS: readonly Door[] = [
  {
    packages: /^@duckdb\//,
    files: /^pipelines\/runtime\/duckdb\.ts$/,
    rule: 'DuckDB is reached only through pipelines/runtime/duckdb.ts',
  },
  {
    packages: /^node:sqlite$/,
    files: /^pipelines\/runtime\/node-sqlite\.ts$/,
    rule: 'SQLite is reached only through pipelines/runtime/node-sqlite.ts',
  },
  {
    packages: /^kysely($|[/-])/,
    files: /^pipelines\/(runtime\/(ledger|node-sqlite)|steps\/(source|publish)(\/|\.ts$))/,
    rule: 'queries are built with Kysely only in the ledger, in steps/source and in steps/publish',
  },
  {
    packages: /^(oracledb|kysely-oracledb|pg|pg-[^/]+|mysql2|mssql|tedious)($|\/)/,
    files: /^pipelines\/steps\/(source|publish|adjust)(\/|\.ts$)/,
    rule: "other systems' databases are reached only in steps/source, steps/publish and steps/adjust",
  },
  {
    packages: NETWORK,
    files: /^(pipelines\/steps\/(submit\/channels|alert)|app\/console|bench)\//,
    rule: 'the network is reached only in steps/submit/channels, steps/alert, app/console and bench',
  },
  {
    packages: /^(node-cron|croner|cron-parser)($|\/)/,
    files: /^pipelines\/runtime\/cron\.ts$/,
    rule: 'node-cron is reached only through pipelines/runtime/cron.ts',
  },
];

/** Why a package or a built-in module may not be imported by a file, or undefined where it may. */
function packageRule(file: string, from: Place, specifier: string): string | undefined {
  if (from === 'test') return undefined;
  if (from === 'schemas') return specifier === 'zod' ? undefined : 'schemas import zod and nothing else';
  if (from === 'exports' && NETWORK.test(specifier)) return 'exports know no network';
  return DOORS.find(({ packages, files }) => packages.test(specifier) && !files.test(file))?.rule;
}

/**
 * The violations of one file.
 * @param file its path from the project folder, with `/` separators
 * @param source its text
 */
export function violationsOf(file: string, source: string): Violation[] {
  const from = placeOf(file);
  return importsOf(source).flatMap(({ line, specifier }) => {
    const rule = specifier === undefined ? unnamedRule(from) : ruleAgainst(file, from, specifier);
    return rule === undefined ? [] : [{ at: `${file}:${line}`, specifier: specifier ?? '…', rule }];
  });
}

/** The product must say what it imports, or no rule could be held. */
function unnamedRule(from: Place): string | undefined {
  return from === 'test' ? undefined : 'an import names its file or package as a literal';
}

function ruleAgainst(file: string, from: Place, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return packageRule(file, from, specifier);
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const to = placeOf(target);
  if (mayImport(from, to)) return undefined;
  if (from.startsWith('pipelines/steps/') && to.startsWith('pipelines/steps/')) {
    return 'a step never imports a sibling step';
  }
  return `${from} may not import ${to === 'elsewhere' ? target : to}`;
}
