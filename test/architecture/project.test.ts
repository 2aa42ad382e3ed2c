/** What holds for the project as a whole: its commands, its lock file, its tables of errors and definitions. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERROR_KINDS } from '../../pipelines/runtime/errors.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';

const read = (file: string) => readFileSync(path.join(PROJECT_DIR, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  bin: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

/** Files of the project: what is committed and what is about to be. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: PROJECT_DIR,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(path.join(PROJECT_DIR, file)));

describe('commands', () => {
  /** npm's own words, which need no script. */
  const builtIn = new Set(['ci', 'install', 'exec', 'view', 'audit', 'outdated', 'ls', 'version']);
  /** Every `npm …` and `npx …` of a text, as `npm run x`, `npm x` or `npx x`. */
  const commandsIn = (text: string) => text.match(/\bnp(?:m(?: run)?|x) [a-z][\w:-]*/g) ?? [];
  const isKnown = (command: string) => {
    const [tool, ...words] = command.split(' ');
    const name = words.at(-1) ?? '';
    if (tool === 'npx') return name in manifest.bin || name in manifest.devDependencies;
    return name in manifest.scripts || (words.length === 1 && builtIn.has(name));
  };

  test.each(['README.md', 'README.zh-CN.md'])('%s names commands that exist', (file) => {
    const commands = commandsIn(read(file));
    expect(commands).toEqual(expect.arrayContaining(['npm ci', 'npm run monthly']));
    expect(commands.filter((command) => !isKnown(command))).toEqual([]);
  });

  test('a command that does not exist is found', () => {
    expect(
      commandsIn('Type `npm run monthlyy`, then `npx arbdata runs` and `npm test`.').map(isKnown),
    ).toEqual([false, true, true]);
  });

  test('what the scripts and the command start exists', () => {
    const started = Object.values(manifest.scripts).flatMap(
      (script) => script.match(/[\w/-]+\.[jt]s\b/g) ?? [],
    );
    expect([...started, ...Object.values(manifest.bin)].filter((file) => !files.includes(file))).toEqual([]);
  });
});

describe('packages', () => {
  test('are pinned exactly', () => {
    const pins = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.entries(pins).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
  });

  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<
      string,
      {
        resolved?: string;
        integrity?: string;
        optional?: boolean;
        os?: string[];
        cpu?: string[];
        libc?: string[];
        optionalDependencies?: Record<string, string>;
      }
    >;
  };
  const packages = Object.entries(lock.packages).filter(([name]) => name !== '');

  test('the lock file names no server to fetch from', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test('the lock file has an integrity for every package that is installed where the service runs', () => {
    const isForeign = ({ optional, os, cpu, libc }: (typeof packages)[number][1]) =>
      optional === true &&
      !(os?.includes('linux') === true && cpu?.includes('x64') === true && libc?.includes('musl') !== true);
    expect(packages.filter(([, entry]) => entry.integrity === undefined && !isForeign(entry))).toEqual([]);
  });

  test('the lock file has every package of every platform: npm ci refuses a lock file with gaps', () => {
    const names = new Set(packages.map(([name]) => name));
    const gaps = Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !names.has(`node_modules/${name}`) && !names.has(`${parent}/node_modules/${name}`),
      ),
    );
    expect(gaps).toEqual([]);
  });

  test('docs/dependencies.md has a row for each, with its version', () => {
    const text = read('docs/dependencies.md');
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    const rows = Object.entries(all).filter(
      ([name, version]) => !text.includes(`| \`${name}\` | ${version} |`),
    );
    expect(rows).toEqual([]);
  });
});

describe('texts', () => {
  /** Folders of the machine on which it was written, and servers that only some machines reach. */
  const foreign =
    /(?<![\w.~-])\/(?:work|root|home\/\w+|tmp\/\w+)\/|\.\.\/shared\b|\bshared\/(?:domain|design|samples)\b|\b(?:registry|mirrors?|nexus|artifactory|verdaccio)\.[a-z0-9-]+\.[a-z]{2,}|\bdeb\.[a-z]+\.org\b|\bissues? #?\d+\b|\bsub-?agents?\b/i;
  const placesIn = (text: string) =>
    text
      .split('\n')
      .flatMap((line, index) => (foreign.test(line) ? [`${index + 1}: ${foreign.exec(line)?.[0]}`] : []));

  test('no file names a path of some machine or a package server', () => {
    const texts = files.filter((file) => !file.startsWith('test/input/') && /\.\w+$|\.ci\/run$/.test(file));
    const places = texts.flatMap((file) => placesIn(read(file)).map((place) => `${file}:${place}`));
    expect(places).toEqual([]);
  });

  test.each([
    ['see ', '/work', '/main/app'],
    ['"resolved": "https://', 'registry', '.example.org/x"'],
    ['take ..', '/shared', '/samples'],
    ['cd ', '/root', '/arbdata'],
    ['as iss', 'ue', ' 7 asks'],
  ])('%s%s%s is found', (...parts) => {
    expect(placesIn(parts.join(''))).toHaveLength(1);
  });

  test.each([
    'the folder `work/<run>/` of a run',
    'var/work/20261103',
    'https://example.org/home/x/',
    './tmp/a',
  ])('%s is not', (line) => {
    expect(placesIn(line)).toEqual([]);
  });
});

describe('tables', () => {
  test('docs/errors.md lists exactly the error codes, with their exit codes', () => {
    const rows = [...read('docs/errors.md').matchAll(/^\|\s*`?(E_[A-Z_]+)`?\s*\|\s*`?(\d+)`?\s*\|/gm)];
    const documented = rows.map(([, code, exit]) => `${code} ${exit}`);
    const raised = Object.entries(ERROR_KINDS).map(([code, { exit }]) => `${code} ${exit}`);
    expect(documented.toSorted()).toEqual(raised.toSorted());
  });

  const definitions = readdirSync(path.join(PROJECT_DIR, 'schemas/definitions')).filter((name) =>
    name.endsWith('.json'),
  );
  test.each(definitions)('definitions/%s says when it was recorded', (name) => {
    const { recordedAt } = JSON.parse(read(`schemas/definitions/${name}`)) as { recordedAt?: string };
    expect(recordedAt).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  const sqlFiles = files.filter((file) => file.startsWith('sql/') && file.endsWith('.sql'));
  test('there is SQL', () => {
    expect(sqlFiles.length).toBeGreaterThan(5);
  });
  test.each(sqlFiles)('%s starts with a comment that states its grain', (file) => {
    expect(read(file).split('\n', 1)[0]).toMatch(/^-- .*\brows?\b/i);
  });
});
