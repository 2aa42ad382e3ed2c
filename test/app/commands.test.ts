/** Every command: one JSON document on standard output, lines elsewhere, exit codes, help. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { CLERK, homeDir, type MadeRun, type TestHome } from '../publish/support.ts';
import { arbdata, documentOf, type Ended } from './support.ts';

const SAMPLES = path.join(PROJECT_DIR, 'test/input/samples');

let home: TestHome;
let made: MadeRun;
/** A home whose run is held and that has nothing else. */
let held: TestHome;

beforeAll(async () => {
  home = await homeDir();
  await home.import('clean');
  made = await home.run('2026-10', { asOf: '2026-11-03' });
  held = await homeDir();
  await held.import('small');
});
afterAll(async () => {
  await removeTree(home.dir);
  await removeTree(held.dir);
});

const inHome = (...args: string[]): Promise<Ended> => arbdata('--home', home.dir, ...args);

describe('every command with --json prints exactly one document', () => {
  test.each<[args: string[], keys: string[]]>([
    [['indicators'], ['indicators']],
    [['runs'], ['runs']],
    [['runs', '--period', '2026-10', '--limit', '1'], ['runs']],
    [['snapshot', 'list'], ['snapshots']],
    [['snapshot', 'verify'], ['verified']],
    [['findings'], ['findings', 'run']],
    [
      ['findings', '--format', 'json'],
      ['findings', 'run'],
    ],
    [
      ['findings', '--format', 'csv'],
      ['findings', 'run'],
    ],
    [
      ['findings', '--rule', 'v023', '--state', 'new', '--severity', 'warning'],
      ['findings', 'run'],
    ],
    [
      ['findings', '--org', '110105'],
      ['findings', 'run'],
    ],
    [
      ['agreement', '--period', '2026-10', '--class', 'defect'],
      ['bodies', 'cases', 'classes', 'figures', 'org', 'period', 'reasons', 'rows', 'sides', 'states'],
    ],
    [
      ['source', 'check'],
      ['asOf', 'details', 'kind', 'problems', 'views'],
    ],
    [
      ['audit', 'verify'],
      ['ok', 'records'],
    ],
    [['doctor'], ['diagnoses']],
    [
      ['backup', 'list'],
      ['backups', 'problems'],
    ],
    [
      ['backup', 'verify', '--quick'],
      ['depth', 'verified'],
    ],
    [
      ['backup', 'prune'],
      ['isApplied', 'keep', 'plan', 'remove', 'sizeBytes'],
    ],
    [
      ['completion', 'zsh'],
      ['script', 'shell'],
    ],
    [
      ['explain', 'R01@ALL', '--period', '2026-10', '--scope', 'ytd'],
      [
        'definition',
        'indicator',
        'name',
        'org',
        'parts',
        'period',
        'publication',
        'records',
        'scope',
        'snapshot',
        'unit',
        'value',
      ],
    ],
  ])('%j', async (args, keys) => {
    const ended = await inHome(...args, '--json');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(documentOf(ended)).toSorted()).toEqual(keys);
  });

  test('runs show, snapshot verify ID', async () => {
    const shown = documentOf(await inHome('runs', 'show', made.runId, '--json'));
    expect(shown.run).toMatchObject({ id: made.runId, state: 'done', period: '2026-10' });
    const id = made.prepared.manifest.id;
    expect(documentOf(await inHome('snapshot', 'verify', id, '--json'))).toEqual({ verified: [id] });
  });

  test('findings mark and unmark', async () => {
    const found = documentOf(await inHome('findings', '--rule', 'V026', '--json')).findings;
    const [first] = found as { rule_id: string; record_key: string }[];
    const record = first?.record_key ?? '';
    const mark = ['findings', 'mark', 'V026', record, '--reason', '已核对', '--until', '2099-12-31'];
    const marked = await inHome(...mark, '--json');
    expect(marked).toMatchObject({ code: 0, stderr: '' });
    expect(documentOf(marked)).toMatchObject({ ruleId: 'V026', recordKey: record, until: '2099-12-31' });
    const unmark = await inHome('findings', 'unmark', 'V026', record, '--json');
    expect(documentOf(unmark)).toEqual({ ruleId: 'V026', recordKey: record });
    expect((await inHome('findings', 'unmark', 'V026', record, '--json')).code).toBe(2);
  });

  test('source import, run, run again, release: with the exit codes of a held run', async () => {
    const inHeld = (...args: string[]) => arbdata(...args, '--home', held.dir, '--json');
    const imported = await inHeld('source', 'import', path.join(SAMPLES, 'small'));
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(documentOf(imported).files).toHaveLength(6);

    const period = ['--period', '2026-10', '--as-of', '2026-11-03'];
    const ran = await inHeld('run', 'monthly', ...period);
    expect(ran.code).toBe(3);
    const outcome = documentOf(ran);
    expect(outcome).toMatchObject({
      state: 'held',
      revision: null,
      heldReasons: [{ text: expect.stringContaining('K12'), releasable: true }],
      failedChecks: [{ id: 'K12', ok: false }],
    });
    const released = await inHeld('runs', 'release', String(outcome.run), '--reason', '已核对');
    expect(released.code).toBe(0);
    expect(documentOf(released)).toMatchObject({ state: 'published', revision: 1 });

    const again = await inHeld('runs', 'release', String(outcome.run), '--reason', '已核对');
    expect(again.code).toBe(2);
    expect(documentOf(again)).toMatchObject({ error: { code: 'E_NOT_RELEASABLE', exit: 2 } });

    const provisional = await inHeld(
      'run',
      'macro-monitoring',
      '--period',
      '2026-12',
      '--as-of',
      '2026-11-03',
    );
    expect(documentOf(provisional)).toMatchObject({ provisional: true });
  });

  test('demo', async () => {
    const own = await homeDir();
    try {
      const ended = await arbdata('demo', '--seed', '3', '--until', '2026-06', '--json', '--home', own.dir);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(documentOf(ended)).toMatchObject({ size: 'demo', seed: 3, until: '2026-06' });
    } finally {
      await removeTree(own.dir);
    }
  });
});

describe('an error with --json is one document too, and lines for people on standard error', () => {
  test.each<[args: string[], exit: number, code: string]>([
    [['nonsense'], 2, 'E_USAGE'],
    [[], 2, 'E_USAGE'],
    [['run'], 2, 'E_USAGE'],
    [['runs', 'nonsense'], 2, 'E_USAGE'],
    [['runs', '--nonsense'], 2, 'E_USAGE'],
    [['runs', '--limit', '0'], 2, 'E_USAGE'],
    [['runs', '--limit', '99999999999999999999'], 2, 'E_USAGE'],
    [['source', 'import', ''], 2, 'E_USAGE'],
    [['receipts', 'import', ''], 2, 'E_USAGE'],
    [['runs', '--period', '2026-13'], 2, 'E_PERIOD'],
    [['runs', 'show'], 2, 'E_USAGE'],
    [['runs', 'show', 'R20200101-000000-0000'], 2, 'E_NOT_FOUND'],
    [['runs', 'release', 'R20200101-000000-0000'], 2, 'E_USAGE'],
    [['runs', 'release', 'R20200101-000000-0000', '--reason', 'x'], 2, 'E_NOT_FOUND'],
    [['run', 'macro-monitoring', '--period', '2026-Q5'], 2, 'E_PERIOD'],
    [['run', 'monthly', '--period', '2026-10', '--as-of', '2026-02-30'], 2, 'E_DATE'],
    [['run', 'macro-monitoring', '--period', '2026-10', '--snapshot', 'nonsense'], 2, 'E_NOT_FOUND'],
    [['findings', '--rule', 'V999'], 2, 'E_NOT_FOUND'],
    [['findings', '--org', 'nobody'], 2, 'E_NOT_FOUND'],
    [['findings', '--run', 'R20200101-000000-0000'], 2, 'E_NOT_FOUND'],
    [['findings', '--state', 'nonsense'], 2, 'E_USAGE'],
    [['findings', '--format', 'xlsx'], 2, 'E_USAGE'],
    [['findings', 'mark', 'V028', '1', '--reason', 'x'], 2, 'E_USAGE'],
    [['findings', 'mark', 'V028', '1', '--reason', 'x', '--until', '2020-01-01'], 2, 'E_DATE'],
    [['explain', 'A02@ALL'], 2, 'E_USAGE'],
    [['explain', 'A02', '--period', '2026-10'], 2, 'E_USAGE'],
    [['explain', 'A02@ALL', '--period', '2026-10', '--scope', 'nonsense'], 2, 'E_USAGE'],
    [['explain', 'A02@ALL', '--period', '2026-10', '--unmasked'], 2, 'E_USAGE'],
    [['explain', 'A77@ALL', '--period', '2026-10'], 2, 'E_NOT_FOUND'],
    [['source', 'import', '/nonexistent'], 2, 'E_CSV'],
    [['source', 'import', '.', '--encoding', 'latin-1'], 2, 'E_USAGE'],
    [['demo', '--seed', '-1'], 2, 'E_USAGE'],
    [['demo'], 2, 'E_USAGE'],
    [['completion', 'tcsh'], 2, 'E_USAGE'],
  ])('%j: %i %s', async (args, exit, code) => {
    const ended = await inHome(...args, '--json');
    expect(ended.code).toBe(exit);
    const { error } = documentOf(ended);
    expect(error).toMatchObject({ code, exit, retryable: false });
    expect((error as { message: string; advice: string }).message).not.toBe('');
    expect((error as { message: string; advice: string }).advice).not.toBe('');
    expect(ended.stderr).not.toBe('');
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  test('1: a damaged findings file gives one document, not half of two', async () => {
    const own = await homeDir();
    try {
      await own.import('clean');
      const { runId } = await own.run('2026-10', { asOf: '2026-11-03' });
      const file = own.path('findings', `${runId}.parquet`);
      await chmod(file, 0o600);
      await writeFile(file, 'no Parquet');
      const ended = await arbdata('findings', '--json', '--home', own.dir);
      expect(ended.code).toBe(1);
      expect(documentOf(ended)).toMatchObject({ error: { code: 'E_ENGINE', exit: 1 } });
    } finally {
      await removeTree(own.dir);
    }
  });

  test('4: no source; 5: another run of the product goes on, and its holder is named', async () => {
    const own = await homeDir();
    try {
      const run = ['run', 'macro-monitoring', '--period', '2026-10', '--json', '--home', own.dir];
      const missing = await arbdata(...run);
      expect(missing.code).toBe(4);
      expect(documentOf(missing)).toMatchObject({ error: { code: 'E_SOURCE_MISSING', exit: 4 } });
      await own.as(CLERK, async ({ ledger }) => {
        const going = await ledger.beginRun({
          pipeline: 'monthly',
          actor: CLERK,
          command: 'arbdata run monthly',
          alsoLock: ['product:macro-monitoring'],
        });
        const busy = await arbdata(...run);
        expect(busy.code).toBe(5);
        expect(documentOf(busy)).toMatchObject({
          error: { code: 'E_RUN_LOCKED', retryable: true, message: expect.stringContaining(going.id) },
        });
        await going.finish('done');
      });
    } finally {
      await removeTree(own.dir);
    }
  });

  test('1: a tampered audit record', async () => {
    const own = await homeDir();
    try {
      await own.as(CLERK, async ({ ledger }) => {
        for (const subject of ['one', 'two', 'three']) {
          await ledger.appendAudit({ actor: CLERK, action: 'test', subject });
        }
      });
      expect((await arbdata('audit', 'verify', '--home', own.dir)).code).toBe(0);
      const { DatabaseSync } = await import('node:sqlite');
      const database = new DatabaseSync(own.path('ledger.sqlite'));
      database.exec("DROP TRIGGER audit_no_update; UPDATE audit SET subject = 'other' WHERE subject = 'two'");
      database.close();
      const ended = await arbdata('audit', 'verify', '--json', '--home', own.dir);
      expect(ended.code).toBe(1);
      expect(documentOf(ended)).toMatchObject({
        error: { code: 'E_AUDIT_BROKEN', message: expect.stringContaining('record 3') },
      });
      const doctor = await arbdata('doctor', '--json', '--home', own.dir);
      expect(doctor.code).toBe(1);
      expect(documentOf(doctor).diagnoses).toContainEqual(
        expect.objectContaining({ name: 'audit', state: 'problem' }),
      );
    } finally {
      await removeTree(own.dir);
    }
  });
});

describe('for people', () => {
  test('results on standard output, progress and log on standard error', async () => {
    const ended = await inHome('run', 'macro-monitoring', '--period', '2026-10', '--as-of', '2026-11-03');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('macro-monitoring 2026-10 r1: unchanged');
    expect(ended.stdout).toContain('Next:');
    expect(ended.stdout).not.toMatch(/^(freeze|rules|workbooks):/m);
    expect(ended.stderr).toMatch(/^freeze: started$/m);
    expect(ended.stderr).not.toContain('\u001B');
  });

  test('the comparison says what to do next, for a period and for other days', async () => {
    const run = (...days: string[]) => inHome('run', 'pre-application-comparison', ...days);
    const period = await run('--period', '2026-10', '--as-of', '2026-11-03');
    const [, next = ''] = period.stdout.split('Next:\n');
    const page = /^ {2}open (.*\.html)$/m.exec(next)?.[1] ?? '';
    expect(existsSync(page)).toBe(true);
    expect(next).toContain(`npx arbdata --home ${home.dir} explain pre-application ID --period 2026-10 `);
    expect(next).toContain(`npx arbdata --home ${home.dir} comparison confirm PRE_APP CASE`);
    const other = await run('--from', '2026-10-01', '--to', '2026-10-15', '--as-of', '2026-11-03');
    expect(other.stdout).toContain(`npx arbdata --home ${home.dir} explain pre-application ID   `);
  });

  test('findings as CSV: all of them, for a table program', async () => {
    const all = documentOf(await inHome('findings', '--json')).findings as object[];
    const { stdout } = await inHome('findings', '--format', 'csv');
    expect(stdout.startsWith('\uFEFFrule_id,severity,scope,record_key,')).toBe(true);
    const lines = stdout.split('\r\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.length - 2).toBe(all.length);
    expect(stdout.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('findings by rule, body, state and severity', async () => {
    type Row = { rule_id: string; org_code: string | null; state: string; severity: string };
    const rows = async (...filter: string[]) =>
      documentOf(await inHome('findings', ...filter, '--json')).findings as Row[];
    const all = await rows();
    const pick = all.find(({ severity, org_code }) => severity === 'error' && org_code !== null) ?? all[0];
    if (pick === undefined) throw new Error('the sample has no findings');
    const { rule_id, org_code, state, severity } = pick;
    expect(await rows('--rule', rule_id)).toEqual(all.filter((row) => row.rule_id === rule_id));
    expect(await rows('--org', org_code ?? '')).toEqual(all.filter((row) => row.org_code === org_code));
    expect(await rows('--severity', severity)).toEqual(all.filter((row) => row.severity === severity));
    expect(await rows('--state', state, '--rule', rule_id, '--org', org_code ?? '')).toEqual(
      all.filter((row) => row.state === state && row.rule_id === rule_id && row.org_code === org_code),
    );
  });
});

describe('--help', () => {
  const COMMANDS = [
    [],
    ['demo'],
    ['source'],
    ['source', 'import'],
    ['source', 'check'],
    ['run'],
    ['run', 'monthly'],
    ['run', 'macro-monitoring'],
    ['run', 'pre-application-comparison'],
    ['run', 'national-platform'],
    ['runs'],
    ['runs', 'show'],
    ['runs', 'release'],
    ['snapshot'],
    ['snapshot', 'list'],
    ['snapshot', 'verify'],
    ['agreement'],
    ['findings'],
    ['findings', 'mark'],
    ['findings', 'unmark'],
    ['explain'],
    ['comparison'],
    ['comparison', 'confirm'],
    ['comparison', 'reject'],
    ['comparison', 'withdraw'],
    ['comparison', 'decisions'],
    ['run', 'cockpit-refresh'],
    ['cockpit'],
    ['cockpit', 'show'],
    ['cockpit', 'records'],
    ['receipts'],
    ['receipts', 'import'],
    ['submissions'],
    ['submit'],
    ['submissions', 'show'],
    ['submissions', 'release'],
    ['submissions', 'lost'],
    ['indicators'],
    ['backup'],
    ['backup', 'create'],
    ['backup', 'copy'],
    ['backup', 'evidence'],
    ['backup', 'list'],
    ['backup', 'show'],
    ['backup', 'verify'],
    ['backup', 'restore'],
    ['backup', 'drill'],
    ['backup', 'prune'],
    ['backup', 'purge'],
    ['backup', 'rebuild-catalogue'],
    ['backup', 'adopt'],
    ['serve'],
    ['schedule'],
    ['schedule', 'list'],
    ['schedule', 'run'],
    ['schedule', 'grid'],
    ['account'],
    ['account', 'list'],
    ['account', 'add'],
    ['account', 'roles'],
    ['account', 'disable'],
    ['account', 'enable'],
    ['account', 'reset'],
    ['account', 'unlock'],
    ['audit'],
    ['audit', 'verify'],
    ['doctor'],
    ['completion'],
  ];

  test.each(COMMANDS.map((words) => ({ words, name: words.join(' ') })))(
    'arbdata $name: usage and an example of itself',
    async ({ words, name }) => {
      const ended = await arbdata(...words, '--help');
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toContain(`Usage: arbdata${name === '' ? '' : ` ${name}`}`);
      expect(ended.stdout).toMatch(/^ {2}--home <dir>[\s\S]*^ {2}--json /m);
      const examples = ended.stdout.split('Examples:\n')[1] ?? '';
      expect(examples).toContain(`arbdata ${name}`.trim());
    },
  );

  test('every command there is stands in this list', async () => {
    const groups = new Map<string, string[]>();
    for (const words of COMMANDS) {
      const [parent, last] = [words.slice(0, -1).join(' '), words.at(-1)];
      if (last !== undefined) groups.set(parent, [...(groups.get(parent) ?? []), last]);
    }
    for (const [parent, names] of groups) {
      const { stdout } = await arbdata(...parent.split(' ').filter((word) => word !== ''), '--help');
      const section = /Commands:\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? '';
      const listed = Array.from(section.matchAll(/^ {2}(\w[\w-]*)/gm), ([, name]) => name ?? '');
      expect(listed.filter((name) => name !== 'help').toSorted(), parent).toEqual(names.toSorted());
    }
  });

  test('the version', async () => {
    expect(await arbdata('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+/),
    });
  });
});

describe('doctor', () => {
  type Found = { name: string; state: string; message: string; advice: string };
  const examine = async (dir: string) => {
    const ended = await arbdata('doctor', '--json', '--home', dir);
    return { code: ended.code, found: documentOf(ended).diagnoses as Found[] };
  };

  test('a home in order', async () => {
    const { code, found } = await examine(home.dir);
    expect(code).toBe(0);
    expect(found.filter(({ state }) => state === 'problem')).toEqual([]);
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'disk',
        'home',
        'audit',
        'source',
        'definitions',
        'working days',
        'runs',
        'snapshots',
        'publications',
      ]),
    );
    const { stdout } = await arbdata('doctor', '--home', home.dir);
    expect(stdout).toMatch(/^ok\s+audit: /m);
    expect(stdout).not.toMatch(/\b1 (records|rows|problems|warnings|revisions)\b/);
  });

  test('a new home without a source needs attention, and is no fault', async () => {
    const own = await homeDir();
    try {
      expect((await arbdata('runs', '--home', own.dir)).code).toBe(0);
      const { code, found } = await examine(own.dir);
      expect(code).toBe(0);
      expect(found.find(({ name }) => name === 'source')).toMatchObject({ state: 'attention' });
    } finally {
      await removeTree(own.dir);
    }
  });

  test('a published file that was changed, an extra one, and a home open to others', async () => {
    const own = await homeDir();
    try {
      await own.import('clean');
      const { outcome } = await own.run('2026-10', { asOf: '2026-11-03' });
      await chmod(outcome.dir, 0o700);
      const file = path.join(outcome.dir, 'macro-monitoring-202610.csv');
      await chmod(file, 0o600);
      await writeFile(file, 'changed');
      await mkdir(path.join(outcome.dir, 'more'));
      await writeFile(path.join(outcome.dir, 'more', 'extra.txt'), 'extra');
      await chmod(own.dir, 0o755);
      const { code, found } = await examine(own.dir);
      expect(code).toBe(1);
      expect(found.find(({ name }) => name === 'home')).toMatchObject({
        state: 'attention',
        advice: expect.stringContaining('chmod 700'),
      });
      const problems = found.filter(({ name }) => name === 'publications').map(({ message }) => message);
      expect(problems).toEqual([
        expect.stringContaining('does not have the bytes that were published'),
        expect.stringContaining('extra.txt is not in the manifest'),
      ]);
    } finally {
      await removeTree(own.dir);
    }
  });
});
