/** The records behind a figure: every kind of figure, of drafts and publications, names masked unless it is recorded. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExplainRequest, explain } from '../../pipelines/explain.ts';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import type { ExplainedPart, ExplainedRecord } from '../../pipelines/steps/macro-monitoring/explain.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { CLERK, HEAD, homeDir, type MadeRun, type TestHome } from './support.ts';

let home: TestHome;
let held: MadeRun;

beforeAll(async () => {
  home = await homeDir();
  await home.import('small');
  held = await home.run('2026-10', { asOf: '2026-11-03' });
});
afterAll(() => removeTree(home.dir));

interface Explained {
  readonly value: string;
  readonly state: string;
  readonly parts: readonly ExplainedPart[];
  readonly records: readonly ExplainedRecord[];
}

async function explained(
  figure: string,
  more: Partial<ExplainRequest> = {},
  actor: string = CLERK,
): Promise<Explained> {
  return home.as(actor, async (service) => {
    const found = await explain(service, { figure, scope: 'month', period: parsePeriod('2026-10'), ...more });
    try {
      const records: ExplainedRecord[] = [];
      for await (const record of found.records()) records.push(record);
      return { value: found.value, state: found.manifest.state, parts: found.parts, records };
    } finally {
      found.close();
    }
  });
}

/** What the sample says the figure is. */
const EXPECTED = new Map(
  readFileSync(new URL('../input/samples/small/expected-macro-2026-10.csv', import.meta.url), 'utf8')
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => {
      const [, scope, org, id, value = ''] = line.split(',');
      return [`${id}@${org}:${scope}`, value] as const;
    }),
);

/** Decimal text as hundredths. */
const hundredths = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const value = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0').slice(0, 2));
  return text.startsWith('-') ? -value : value;
};

describe('a figure and its records', () => {
  test.each([
    ['A02@110101', 'month'],
    ['A02@ALL', 'month'],
    ['A01@ALL', 'ytd'],
    ['B01@110105', 'month'],
    ['B02@ALL', 'month'],
    ['C11@ALL', 'ytd'],
    ['A06@ALL', 'month'],
    ['A09@ALL', 'ytd'],
    ['T05@ALL', 'ytd'],
    ['M01@ALL', 'ytd'],
    ['M05@ALL', 'ytd'],
  ] as const)('%s %s: as many as the figure says', async (figure, scope) => {
    const found = await explained(figure, { scope });
    expect(found.value).toBe(EXPECTED.get(`${figure}:${scope}`));
    expect(found.state).toBe('held');
    const [part, ...others] = found.parts;
    expect(others).toEqual([]);
    expect(part?.total).toBe(found.value);
    expect(part?.records).toBe(found.records.length);
    const sum = found.records.reduce((total, { quantity }) => total + hundredths(quantity), 0n);
    expect(sum).toBe(hundredths(found.value));
    expect(new Set(found.records.map(({ recordId }) => recordId)).size).toBe(found.records.length);
    const org = figure.split('@')[1];
    if (org !== 'ALL') expect(found.records.every(({ orgCode }) => orgCode === org)).toBe(true);
  });

  test('an amount: the records add up in yuan to the figure in ten thousands', async () => {
    const { value, parts, records } = await explained('A08@ALL', { scope: 'ytd' });
    const sum = records.reduce((total, { quantity }) => total + hundredths(quantity), 0n);
    expect(parts[0]?.total).toBe(`${sum / 100n}.${String(sum % 100n).padStart(2, '0')}`);
    // Half away from zero, to a hundredth of ten thousand yuan.
    expect((sum + 5_000n) / 10_000n).toBe(hundredths(value));
  });

  test('a rate: numerator and denominator', async () => {
    const { value, parts, records } = await explained('R01@ALL');
    expect(parts.map(({ indicatorId, role }) => `${role} ${indicatorId}`)).toEqual([
      '分子 C01',
      '分母 A01',
      '分母 A02',
    ]);
    const of = (id: string) => Number(parts.find(({ indicatorId }) => indicatorId === id)?.total);
    expect(value).toBe(((of('C01') / (of('A01') + of('A02'))) * 100).toFixed(2));
    for (const { indicatorId, records: count } of parts) {
      expect(records.filter((one) => one.indicatorId === indicatorId)).toHaveLength(count);
    }
  });

  test('a mean: the days that each record adds', async () => {
    const { value, parts, records } = await explained('R05@ALL', { scope: 'ytd' });
    expect(parts.map(({ indicatorId, role }) => `${role} ${indicatorId}`)).toEqual(['分子 R05', '分母 C01']);
    const days = records.filter(({ indicatorId }) => indicatorId === 'R05');
    const sum = days.reduce((total, { quantity }) => total + Number(quantity), 0);
    expect(Number(parts[0]?.total)).toBe(sum);
    expect(value).toBe((Math.round((sum / days.length) * 10) / 10).toFixed(1));
  });

  test('a rate of mediations names no case and no party', async () => {
    const { parts, records } = await explained('M04@ALL', { scope: 'ytd' });
    expect(parts.map(({ indicatorId }) => indicatorId)).toEqual(['M03', 'M02']);
    expect(records.length).toBeGreaterThan(0);
    for (const record of records) {
      expect(record).toMatchObject({ caseNo: '', applicants: '', respondents: '', deadline: '' });
      expect(record.closeDate).toMatch(/^2026-/);
    }
  });

  test('a figure of nothing has no records', async () => {
    const none = [...EXPECTED].find(([key, value]) => value === '0' && /^A02@\d+:month/.test(key))?.[0];
    const empty =
      none ?? [...EXPECTED].find(([key, value]) => value === '0' && /^T\d+@\d+:month/.test(key))?.[0];
    const [figure = ''] = (empty ?? '').split(':');
    expect(await explained(figure)).toMatchObject({ value: '0', records: [], parts: [{ records: 0 }] });
    const rate = [...EXPECTED].find(([key, value]) => value === '' && /^R03@\d+:month/.test(key))?.[0];
    expect((await explained(rate?.split(':')[0] ?? '')).value).toBe('');
  });

  test('is found in lower case too', async () => {
    expect((await explained('a02@all')).value).toBe(EXPECTED.get('A02@ALL:month'));
  });
});

describe('which files are read', () => {
  test('the draft while nothing was published, then the publication, and each run by its id', async () => {
    expect((await explained('A02@ALL')).state).toBe('held');
    const released = await home.release(held.runId, '已核对');
    expect((await explained('A02@ALL')).state).toBe('published');
    expect((await explained('A02@ALL', { runId: held.runId })).state).toBe('held');
    expect((await explained('A02@ALL', { runId: released.runId })).state).toBe('published');
  });

  test.each([
    ['A99@ALL', {}, 'E_NOT_FOUND', /no indicator A99/],
    ['A02@999999', {}, 'E_NOT_FOUND', /no body 999999/],
    ['A02', {}, 'E_USAGE', /INDICATOR@BODY/],
    ['A02@ALL@110101', {}, 'E_USAGE', /INDICATOR@BODY/],
    ['@ALL', {}, 'E_USAGE', /INDICATOR@BODY/],
    ["A02@' OR '1'='1", {}, 'E_NOT_FOUND', /no body/],
    ['A02@ALL', { period: parsePeriod('2026-05') }, 'E_NOT_FOUND', /neither a publication nor a draft/],
    ['A02@ALL', { runId: 'R20260101-000000-0000' }, 'E_NOT_FOUND', /there is no run R20260101/],
  ] as const)('%s %j: %s', async (figure, more, code, message) => {
    await expect(explained(figure, more)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('names', () => {
  const people = (): Promise<Set<string>> =>
    withEngine(
      { file: home.path('source', 'source.duckdb'), readOnly: true, spillDir: home.path('work', 'names') },
      async (engine) => {
        const rows = await engine.rows<{ name: string }>(
          "SELECT DISTINCT name AS name FROM arb_party WHERE party_kind = '1' AND name IS NOT NULL",
        );
        expect(rows.length).toBeGreaterThan(100);
        return new Set(rows.map(({ name }) => name));
      },
    );
  const shown = ({ records }: Explained): string[] =>
    records.flatMap(({ applicants, respondents }) => `${applicants}、${respondents}`.split('、'));
  const views = () =>
    home.as(CLERK, async ({ ledger }) => {
      expect((await ledger.verifyAudit()).ok).toBe(true);
      return (await ledger.verifyAudit()).records;
    });

  test('of persons are masked, those of firms are not', async () => {
    const found = await explained('A02@ALL', { scope: 'ytd' });
    const names = await people();
    const texts = shown(found);
    expect(texts.filter((text) => names.has(text))).toEqual([]);
    expect(texts.some((text) => /^.\*\*$/.test(text))).toBe(true);
    expect(texts.some((text) => text.endsWith('公司'))).toBe(true);
  });

  test('in full only with a reason, and that is recorded with who looked', async () => {
    const before = await views();
    await expect(explained('A02@ALL', { unmaskedReason: ' ' })).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(await views()).toBe(before);
    const names = await people();
    const found = await explained('A02@ALL', { unmaskedReason: '信访核查' }, HEAD);
    expect(shown(found).filter((text) => names.has(text)).length).toBeGreaterThan(0);
    expect(await views()).toBe(before + 1);
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(home.path('ledger.sqlite'), { readOnly: true });
    const last = database.prepare('SELECT * FROM audit ORDER BY seq DESC LIMIT 1').get();
    database.close();
    expect(last).toMatchObject({ actor: HEAD, action: 'personal.view', subject: 'A02@ALL/month' });
    expect(JSON.parse(String(last?.detail))).toMatchObject({ reason: '信访核查' });
    expect(JSON.stringify(last)).not.toMatch(new RegExp([...names].join('|')));
  });
});
