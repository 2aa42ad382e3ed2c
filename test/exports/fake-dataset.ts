/** An invented, consistent month of 18 Beijing bodies, for the tests of the exports. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type {
  Body,
  CheckResult,
  Comparison,
  ExcludedRecord,
  FindingRecord,
  IndicatorDefinition,
  MacroDataset,
  Provenance,
  RectificationList,
  RevisionEntry,
  Scope,
} from '../../schemas/dataset.ts';
import { indicatorsFile } from '../../schemas/definitions.ts';
import { formsFile, type MacroForm } from '../../schemas/forms.ts';

const DEFINITIONS = path.join(import.meta.dirname, '../../schemas/definitions');
const readJson = (name: string): unknown => JSON.parse(readFileSync(path.join(DEFINITIONS, name), 'utf8'));

export const FORM: MacroForm = formsFile.parse(readJson('forms.json')).macroMonitoring;
export const INDICATORS: readonly IndicatorDefinition[] = indicatorsFile.parse(
  readJson('indicators.json'),
).indicators;

const DISTRICTS =
  '110101 东城区,110102 西城区,110105 朝阳区,110106 丰台区,110107 石景山区,110108 海淀区,110109 门头沟区,110111 房山区,110112 通州区,110113 顺义区,110114 昌平区,110115 大兴区,110116 怀柔区,110117 平谷区,110118 密云区,110119 延庆区';
export const BODIES: readonly Body[] = [
  { code: '110000', name: '北京市劳动人事争议仲裁委员会', level: '1' },
  ...DISTRICTS.split(',').map((text) => {
    const [code = '', name = ''] = text.split(' ');
    return { code, name: `北京市${name}劳动人事争议仲裁委员会`, level: '2' };
  }),
  { code: '110400', name: '北京经济技术开发区劳动人事争议仲裁委员会', level: '2' },
];

export const PROVENANCE: Provenance = {
  snapshotId: '20261103-093000-a1b2',
  asOf: '2026-11-03',
  generatedAt: '2026-11-03T09:31:12+08:00',
  state: 'published',
  revision: 'r1',
  runId: '20261103-093000-run1',
  actor: 'zhangsan',
  toolVersion: '0.1.0',
  definitionsSha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  provisional: false,
  heldReasons: [],
  remarks: ['2027年放假安排尚未公布,按周一至周五(1月1日除外)为工作日推算,为暂行。'],
};
export const HELD: Provenance = {
  ...PROVENANCE,
  state: 'held',
  revision: '草稿',
  heldReasons: ['K12 未计入统计的案件占 1.20%,超过 0.50% 的限值。'],
};

/** A small deterministic generator, so that a failing test can be run again. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

type Figures = Map<string, bigint>;
const GROUPS = [
  ['A02', /^T/],
  ['A02', /^E/],
  ['A02', /^I/],
  ['M01', /^MK/],
] as const;

function countsOf(next: (limit: number) => number, size: number): Figures {
  const figures: Figures = new Map();
  const put = (id: string, value: number): void => void figures.set(id, BigInt(value));
  const accepted = next(size) + (size > 1 ? 3 : 0);
  const opening = Math.floor(accepted * 0.8);
  const closed = Math.floor((opening + accepted) * 0.55);
  const mediated = Math.floor(closed * 0.45);
  const awarded = Math.floor(closed * 0.4);
  const collective = Math.floor(accepted * 0.03);
  const byEmployer = Math.floor(accepted * 0.02);
  put('A01', opening);
  put('A02', accepted);
  put('A03', collective);
  put('A04', accepted - byEmployer);
  put('A05', byEmployer);
  put('A06', accepted + collective * 12);
  put('A07', collective * 13);
  put('A09', Math.floor(accepted * 0.04));
  put('C01', closed);
  put('C02', mediated);
  put('C03', awarded);
  put('C04', Math.floor(awarded * 0.6));
  put('C05', closed - mediated - awarded);
  put('C06', Math.floor((closed - mediated - awarded) * 0.9));
  put('C07', Math.floor(awarded * 0.3));
  put('C08', Math.floor(awarded * 0.2));
  put('C10', 0);
  put('C09', awarded - Math.floor(awarded * 0.3) - Math.floor(awarded * 0.2));
  put('C11', Math.floor(closed * 0.97));
  put('C12', closed + collective * 10);
  put('B01', opening + accepted - closed);
  put('B02', Math.floor((opening + accepted - closed) * 0.02));
  put('M01', accepted + 5);
  put('M02', accepted);
  put('M03', Math.floor(accepted * 0.66));
  put('M05', accepted + 9);
  for (const [total, pattern] of GROUPS) spread(figures, total, pattern, next);
  return figures;
}

function spread(figures: Figures, total: string, pattern: RegExp, next: (limit: number) => number): void {
  const ids = INDICATORS.filter(({ id }) => pattern.test(id)).map(({ id }) => id);
  let left = Number(figures.get(total) ?? 0n);
  for (const [index, id] of ids.entries()) {
    const share = index === ids.length - 1 ? left : Math.min(left, next(Math.ceil(left * 0.4) + 1));
    figures.set(id, BigInt(share));
    left -= share;
  }
}

const ratio = (numerator: bigint, denominator: bigint, decimals: number, factor: bigint): string => {
  if (denominator === 0n) return '';
  const scaled = (2n * numerator * factor * 10n ** BigInt(decimals) + denominator) / (2n * denominator);
  const text = scaled.toString().padStart(decimals + 1, '0');
  return `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
};

function figureTexts(counts: Figures): Map<string, string> {
  const of = (id: string): bigint => counts.get(id) ?? 0n;
  const texts = new Map([...counts].map(([id, value]) => [id, value.toString()]));
  for (const [id, base] of [
    ['A08', 'A06'],
    ['C13', 'C12'],
    ['M06', 'M05'],
  ] as const) {
    texts.set(id, ratio(of(base) * 512_345n, 100_000n, 2, 1n));
  }
  texts.set('R01', ratio(of('C01'), of('A01') + of('A02'), 2, 100n));
  texts.set('R02', ratio(of('C02'), of('C01'), 2, 100n));
  texts.set('R03', ratio(of('C04'), of('C03'), 2, 100n));
  texts.set('R04', ratio(of('C11'), of('C01'), 2, 100n));
  texts.set('R05', ratio(of('C01') * 391n, of('C01') * 10n, 1, 1n));
  texts.set('M04', ratio(of('M03'), of('M02'), 2, 100n));
  return texts;
}

/** Figures of all bodies and ALL; one body (平谷区) had no cases at all: its rates have no value. */
function fakeFigures(bodies: readonly Body[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [scope, size] of [
    ['month', 1400],
    ['ytd', 15_000],
  ] as const) {
    const next = numbersFrom(size);
    const whole: Figures = new Map();
    for (const body of bodies) {
      const counts = countsOf(next, body.code === '110117' ? 1 : size);
      for (const [id, value] of counts) whole.set(id, (whole.get(id) ?? 0n) + value);
      for (const [id, text] of figureTexts(counts)) values.set(`${scope} ${body.code} ${id}`, text);
    }
    for (const [id, text] of figureTexts(whole)) values.set(`${scope} ALL ${id}`, text);
  }
  return values;
}

export interface FakeOptions {
  readonly provenance?: Provenance;
  readonly bodies?: readonly Body[];
  readonly excludedCount?: number;
}

export function fakeDataset(options: FakeOptions = {}): MacroDataset {
  const { provenance = PROVENANCE, bodies = BODIES, excludedCount = 6 } = options;
  const values = fakeFigures(bodies);
  const value = (scope: Scope, org: string, id: string): string => values.get(`${scope} ${org} ${id}`) ?? '';
  const whole: Body = { code: 'ALL', name: '合计', level: '' };
  return {
    period: '2026-10',
    periodText: '2026年10月',
    ytdText: '2026年1—10月',
    startDay: '2026-10-01',
    endDay: '2026-10-31',
    issuer: '北京市劳动人事争议仲裁委员会',
    scopes: ['month', 'ytd'],
    bodies,
    whole,
    indicators: INDICATORS,
    value,
    provenance,
    checks: fakeChecks([...bodies, whole], value, provenance),
    comparisons: fakeComparisons([whole, ...bodies], value),
    revisions: [
      {
        baseline: '上期 2026-09 r1',
        stock: 'A01',
        cases: REVISIONS.length,
        summary: [
          summary(BODIES[0], '40', '40', '0', '0'),
          summary(BODIES[1], '312', '314', '2', '2'),
          summary(BODIES[3], '1205', '1204', '-1', '-1'),
        ],
        entries: REVISIONS,
      },
    ],
    excluded: fakeExcluded(excludedCount),
  };
}

const summary = (
  body: Body | undefined,
  publishedClosing: string,
  opening: string,
  difference: string,
  explained: string,
) => ({
  orgCode: body?.code ?? '',
  orgName: body?.name ?? '',
  publishedClosing,
  opening,
  difference,
  explained,
});

const effect = (index: number, openingDelta: string, otherDeltas = '') => ({
  orgCode: BODIES[index]?.code ?? '',
  orgName: BODIES[index]?.name ?? '',
  openingDelta,
  otherDeltas,
});

const REVISIONS: readonly RevisionEntry[] = [
  {
    caseId: '2026091877',
    caseNo: '京东劳人仲字〔2026〕第01877号',
    cause: '补录受理',
    oldValues: '未登记',
    newValues: '受理日期 2026-09-28',
    effects: [effect(1, '1', '累计A02 +1')],
  },
  {
    caseId: '2026081203',
    caseNo: '京朝劳人仲字〔2026〕第08120号',
    cause: '机构变更',
    oldValues: '机构 110105',
    newValues: '机构 110101',
    effects: [effect(3, '-1', '累计A02 −1'), effect(1, '1', '累计A02 +1')],
  },
];

function fakeChecks(
  bodies: readonly Body[],
  value: MacroDataset['value'],
  { heldReasons }: Provenance,
): CheckResult[] {
  const checks: CheckResult[] = [];
  for (const scope of ['month', 'ytd'] as const) {
    for (const { code, name } of bodies) {
      const of = (id: string): bigint => BigInt(value(scope, code, id));
      const left = (of('A01') + of('A02') - of('C01')).toString();
      const right = value(scope, code, 'B01');
      const common = { scope, orgCode: code, orgName: name, note: '' };
      checks.push({
        ...common,
        id: 'K01',
        name: '期初未结+当期受理-当期结案=期末未结',
        ok: left === right,
        left,
        right,
      });
      const parts = (of('C02') + of('C03') + of('C05')).toString();
      const closed = value(scope, code, 'C01');
      checks.push({
        ...common,
        id: 'K05',
        name: '调解+裁决+其他=结案',
        ok: parts === closed,
        left: parts,
        right: closed,
      });
    }
  }
  const held = heldReasons.length > 0;
  checks.push({
    id: 'K12',
    name: '未计入统计的案件不超过已计入的0.5%',
    scope: 'month',
    orgCode: 'ALL',
    orgName: '合计',
    ok: !held,
    left: held ? '1.2' : '0.1',
    right: '0.5',
    note: held ? '未计入 6 件,已计入 500 件' : '',
  });
  return checks;
}

function* fakeComparisons(bodies: readonly Body[], value: MacroDataset['value']): Generator<Comparison> {
  for (const scope of ['month', 'ytd'] as const) {
    for (const { code, name } of bodies) {
      for (const indicatorId of ['A02', 'A08', 'C01', 'R02']) {
        const current = value(scope, code, indicatorId);
        const previous = scope === 'month' ? current : '';
        const lastYear = indicatorId === 'A02' ? '100' : '';
        yield {
          scope,
          orgCode: code,
          orgName: name,
          indicatorId,
          current,
          previous,
          previousPublished:
            code === '110101' && scope === 'month' && indicatorId === 'A02' ? '120' : previous,
          lastYear,
          lastYearPublished: '',
        };
      }
    }
  }
}

function* fakeExcluded(count: number): Generator<ExcludedRecord> {
  for (let index = 0; index < count; index++) {
    yield {
      kind: index % 5 === 4 ? '案外调解' : '仲裁案件',
      recordKey: String(900_000_000_000_000_100n + BigInt(index)),
      caseNo: `京朝劳人仲字〔2026〕第${String(index + 1).padStart(5, '0')}号`,
      orgCode: '110105',
      orgName: '北京市朝阳区劳动人事争议仲裁委员会',
      ruleId: 'V009',
      field: 'ACCEPT_DATE,CLOSE_DATE',
      value: '2026-10-12;2026-10-09',
      message: '结案日期早于受理日期,请核对两个日期。',
    };
  }
}

export function fakeFinding(index: number, severity: FindingRecord['severity']): FindingRecord {
  return {
    ruleId: severity === 'error' ? 'V009' : severity === 'warning' ? 'V033' : 'V049',
    ruleTitle:
      severity === 'error' ? '结案日期不合逻辑' : severity === 'warning' ? '证件号码无效' : '文本需规范',
    severity,
    table: severity === 'error' ? '仲裁案件' : '当事人',
    recordKey: String(100_000_000_000_000_001n + BigInt(index)),
    caseNo: `京朝劳人仲字〔2026〕第${String(index + 1).padStart(5, '0')}号`,
    orgCode: '110105',
    orgName: '北京市朝阳区劳动人事争议仲裁委员会',
    field: severity === 'error' ? 'ACCEPT_DATE,CLOSE_DATE' : 'ID_NO',
    value: severity === 'error' ? '2026-10-12;2026-10-09' : '110105********123X',
    message:
      severity === 'error'
        ? '结案日期早于受理日期或晚于快照日期,请核对受理日期和结案日期。'
        : '公民身份号码校验位不符,请核对证件号码。',
    basis: severity === 'error' ? '数据完整性' : 'GB 11643-1999',
    state: index % 3 === 0 ? 'new' : 'continuing',
    firstSeen: index % 3 === 0 ? '2026-11-03' : '2026-10-08',
    verifiedUntil: '',
    verifiedReason: '',
  };
}

export function fakeRectification(openCount: number): RectificationList {
  const severities = ['error', 'warning', 'info'] as const;
  const perSeverity = Math.ceil(openCount / 3);
  return {
    org: BODIES[3] ?? { code: '', name: '', level: '' },
    periodText: '2026年10月',
    issuer: '北京市劳动人事争议仲裁委员会',
    deadline: '2026-11-20',
    provenance: PROVENANCE,
    counts: severities.map((severity) => {
      const { ruleId, ruleTitle } = fakeFinding(0, severity);
      return { ruleId, ruleTitle, severity, new: 4, continuing: 8, resolved: 1, verified: 0 };
    }),
    open: Array.from({ length: openCount }, (_, index) =>
      fakeFinding(index, severities[Math.floor(index / perSeverity)] ?? 'info'),
    ),
    resolved: [{ ...fakeFinding(7, 'error'), state: 'resolved' }],
    verified: [
      {
        ...fakeFinding(9, 'warning'),
        state: 'verified',
        verifiedUntil: '2027-06-30',
        verifiedReason: '证件为旧版港澳居民往来内地通行证,原件已核对。',
      },
    ],
  };
}
