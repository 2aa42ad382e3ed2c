/** What only a process shows: exit codes of the shell, closed pipes, the environment, completion, an old Node.js. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rmdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHELLS, type Shell } from '../../app/completion.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { homeDir, type MadeRun, type TestHome } from '../publish/support.ts';
import { arbdataProcess, documentOf, execute, MAIN, type RunOptions } from './support.ts';

let home: TestHome;
let made: MadeRun;

beforeAll(async () => {
  home = await homeDir();
  await home.import('small');
  made = await home.run('2026-10', { asOf: '2026-11-03' });
});
afterAll(() => removeTree(home.dir));

describe('exit codes and streams', () => {
  test('held: 3, one document on standard output, nothing else', async () => {
    const period = ['--period', '2026-10', '--as-of', '2026-11-03', '--json'];
    const ended = await arbdataProcess(['run', 'macro-monitoring', ...period, '--home', home.dir]);
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(documentOf(ended)).toMatchObject({ state: 'held' });
  });

  test('wrong usage: 2, one document, and words on standard error', async () => {
    const ended = await arbdataProcess(['nonsense', '--json']);
    expect(ended.code).toBe(2);
    expect(documentOf(ended)).toMatchObject({ error: { code: 'E_USAGE' } });
    expect(ended.stderr).toContain("unknown command 'nonsense'");
  });

  test.each([
    ['findings'],
    ['findings', '--json'],
    ['explain', 'A02@ALL', '--period', '2026-10', '--scope', 'ytd'],
  ])('a reader that has seen enough: %s %s %s', async (...args) => {
    const words = args.filter((word) => word !== undefined).map((word) => `'${word}'`);
    const line = `'${process.execPath}' '${MAIN}' ${words.join(' ')} --home '${home.dir}' | head -c 20 >/dev/null; echo "$PIPESTATUS"`;
    const ended = await execute('bash', ['-c', line]);
    expect(ended).toEqual({ code: 0, stdout: '0\n', stderr: '' });
    expect(await readdir(home.path('work'))).toEqual([]);
  });

  test('nobody reads standard error', async () => {
    const line = `'${process.execPath}' '${MAIN}' nonsense 2>&1 >/dev/null | true; echo "$PIPESTATUS"`;
    expect(await execute('bash', ['-c', line])).toEqual({ code: 0, stdout: '2\n', stderr: '' });
  });

  test('a document that nobody reads, or no disk takes, hides no failure', async () => {
    const shell = async (words: string, end: string) => {
      const line = `'${process.execPath}' '${MAIN}' ${words} --json --home '${home.dir}' ${end}; echo "$PIPESTATUS"`;
      const { stdout, stderr } = await execute('bash', ['-c', line]);
      return [stdout.trim(), stderr];
    };
    for (const end of ['| true', '> /dev/full']) {
      expect(await shell('runs show NOPE', end)).toEqual(['2', expect.stringMatching(/^E_NOT_FOUND/)]);
      expect(await shell('runs --nonsense', end)).toEqual([
        '2',
        expect.stringMatching(/^error: unknown option/),
      ]);
    }
    expect(await shell('indicators', '| true')).toEqual(['0', '']);
    const [code, text] = await shell('indicators', '> /dev/full');
    expect([code, text]).toEqual(['1', expect.stringMatching(/^E_DISK_FULL: the disk that standard output/)]);
    expect(text).not.toContain(' at ');
  });
});

describe('which home', () => {
  test('what is no folder but a slip is refused, and nothing is made', async () => {
    for (const given of ['', '~/arbdata', '--json']) {
      const ended = await arbdataProcess(['runs', `--home=${given}`]);
      expect([ended.code, ended.stderr]).toEqual([
        2,
        expect.stringMatching(/^E_USAGE: --home .* is no folder/),
      ]);
    }
  });

  test.each([
    ['doctor'],
    ['backup', 'list'],
    ['backup', 'verify'],
    ['snapshot', 'verify'],
    ['audit', 'verify'],
  ])('a home that is not there is no home in order: %s %s', async (...words) => {
    const dir = home.path('not-mounted');
    for (const make of [() => undefined, () => mkdir(dir)]) {
      await make();
      const args = words.filter((word) => word !== undefined);
      const ended = await arbdataProcess([...args, '--home', dir]);
      expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining(`there is no home at ${dir}`)]);
    }
    expect(await readdir(dir)).toEqual([]);
    await rmdir(dir);
  });

  test('a configuration that leads nowhere is not passed over', async () => {
    const dir = home.path('linked');
    await mkdir(dir);
    await symlink(home.path('nowhere/config.json'), path.join(dir, 'config.json'));
    const ended = await arbdataProcess(['runs', '--home', dir]);
    expect([ended.code, ended.stderr]).toEqual([
      2,
      expect.stringContaining('is a link to a file that is not there'),
    ]);
  });

  const runIds = async (args: string[], options: RunOptions = {}): Promise<string[]> => {
    const ended = await arbdataProcess([...args, '--json'], options);
    expect(ended.stderr).toBe('');
    return (documentOf(ended).runs as { id: string }[]).map(({ id }) => id);
  };

  test('--home before and after the command, ARBDATA_HOME, relative paths; --home wins', async () => {
    const other = home.path('another');
    const parent = path.dirname(home.dir);
    const relative = path.basename(home.dir);
    const expected = expect.arrayContaining([made.runId]);
    expect(await runIds(['--home', home.dir, 'runs'])).toEqual(expected);
    expect(await runIds(['runs', '--home', home.dir])).toEqual(expected);
    expect(await runIds(['runs', `--home=${home.dir}`])).toEqual(expected);
    expect(await runIds(['runs', '--home', relative], { cwd: parent })).toEqual(expected);
    expect(await runIds(['runs'], { env: { ARBDATA_HOME: home.dir } })).toEqual(expected);
    expect(await runIds(['runs'], { env: { ARBDATA_HOME: `./${relative}` }, cwd: parent })).toEqual(expected);
    expect(await runIds(['runs', '--home', home.dir], { env: { ARBDATA_HOME: other } })).toEqual(expected);
    expect(await runIds(['runs'], { env: { ARBDATA_HOME: other } })).not.toContain(made.runId);
  });

  test('a file in its place is said plainly', async () => {
    const file = home.path('logs', 'a-file');
    await writeFile(file, '');
    const ended = await arbdataProcess(['runs', '--home', file, '--json']);
    expect(ended.code).toBe(1);
    expect(documentOf(ended)).toMatchObject({ error: { code: 'E_HOME' } });
  });

  test('a wrong log level is wrong usage', async () => {
    const ended = await arbdataProcess(['runs', '--home', home.dir, '--json'], {
      env: { ARBDATA_LOG: 'loud' },
    });
    expect(ended.code).toBe(2);
    expect(documentOf(ended)).toMatchObject({ error: { code: 'E_CONFIG' } });
  });
});

describe('completion', () => {
  /** A folder with a program `arbdata`, as an installation puts it on the path. */
  async function binDir(): Promise<string> {
    const dir = home.path('bin');
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, 'arbdata'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
    await chmod(path.join(dir, 'arbdata'), 0o755);
    return dir;
  }
  const has = (shell: Shell): boolean => {
    try {
      execFileSync(shell, ['-c', 'true'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  /** How each shell loads the completion, and how it is asked what it would offer for the last of some words. */
  const asking: Record<Shell, { load: string; ask: (words: readonly string[]) => string }> = {
    bash: {
      load: `source <(arbdata completion bash)
        complete -p arbdata >/dev/null || exit 9`,
      ask: (words) => `COMP_WORDS=(arbdata ${quoted(words)}); COMP_CWORD=${words.length}
        _arbdata 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
    },
    zsh: {
      load: `compdef() { [ "$1 $2" = '_arbdata arbdata' ] || exit 9 }
        compadd() { shift; print -l -- "$@" }
        _files() { print files }
        source <(arbdata completion zsh)`,
      ask: (words) => `words=(arbdata ${quoted(words)}); CURRENT=${words.length + 1}
        _arbdata`,
    },
    fish: {
      load: 'arbdata completion fish | source',
      ask: (words) => `complete -C 'arbdata ${words.join(' ')}'`,
    },
  };
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
  const cases: [words: string[], offered: string[]][] = [
    [
      ['run', ''],
      ['monthly', 'macro-monitoring', '--json', '--home', '--help'],
    ],
    [['sn'], ['snapshot']],
    [['findings', '--st'], ['--state']],
    [['findings', '--state', 'c'], ['continuing']],
    [
      ['explain', 'A02@ALL', '--scope', ''],
      ['month', 'ytd'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['--home', '/tmp', 'run', 'mo'], ['monthly']],
  ];

  describe.each(SHELLS)('%s', (shell) => {
    const isThere = has(shell);
    /** What was offered for each of the cases, by one shell. */
    let answers: string[][];
    beforeAll(async () => {
      if (!isThere) return;
      const PATH = `${await binDir()}:${process.env.PATH ?? ''}`;
      const { load, ask } = asking[shell];
      const script = [load, ...cases.flatMap(([words]) => [ask(words), 'echo ----'])].join('\n');
      const ended = await execute(shell, ['-c', script], { env: { PATH } });
      expect(ended.code).toBe(0);
      answers = ended.stdout
        .split('----\n')
        .map((answer) => answer.split('\n').flatMap((line) => line.split('\t')[0] || []));
    });

    test.skipIf(!isThere).each(cases.map(([words, offered], place) => ({ words, offered, place })))(
      '$words',
      ({ words, offered, place }) => {
        const lines = answers[place];
        expect(lines).toEqual(expect.arrayContaining(offered));
        if (words.at(-1) !== '') expect(lines).toEqual(offered);
      },
    );
  });
});

describe('an old Node.js', () => {
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => {
    if (!existsSync(file)) return false;
    const version = execFileSync('/usr/bin/env', ['-i', file, '--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(version)?.[1]) < 24;
  });

  test.skipIf(old === undefined)('says which one it needs and how to get it', async () => {
    const ended = await execute('/usr/bin/env', ['-i', old ?? '', MAIN, 'doctor']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(/^E_NODE_VERSION: arbdata needs Node\.js 24 or newer; this is \d+\./);
    expect(ended.stderr).toContain('npm ci');
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});
