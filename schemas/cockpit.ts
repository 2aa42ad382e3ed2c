/**
 * The cockpit (驾驶室): one version of all panels. A panel is one document of flat tables; the same tables stand in the
 * target database as CKPT_<TABLE>. Every row names its body; the rows of ALL are those of the city.
 */
import { z } from 'zod';

/** Where the versions lie among the publications. */
export const COCKPIT_FOLDER = 'cockpit';

const decimalText = z.string().regex(/^-?\d+(\.\d+)?$/);
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
const stamp = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a column holds; null is "no value". Figures are decimal text: nothing passes through a binary float. */
export const COLUMN_KINDS = {
  /** A body, an indicator, a class: at most 60 characters. */
  code: z.string().min(1).max(60),
  text: z.string(),
  'text?': z.string().nullable(),
  month,
  'month?': month.nullable(),
  'day?': z.iso.date().nullable(),
  day: z.iso.date(),
  /** `YYYY-MM-DD HH:MM:SS`, Asia/Shanghai. */
  'stamp?': stamp.nullable(),
  count: z.int().nonnegative(),
  'count?': z.int().nonnegative().nullable(),
  'figure?': decimalText.nullable(),
  flag: z.union([z.literal(0), z.literal(1)]),
} as const;
export type ColumnKind = keyof typeof COLUMN_KINDS;

interface TableShape {
  readonly panel: string;
  /** Columns in their order. */
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** The columns that tell one row of a version from another; the first is always the body. */
  readonly key: readonly string[];
}

const org = { org_code: 'code' } as const;
const inMonth = { month: 'month', is_provisional: 'flag' } as const;
const compared = {
  ...org,
  ...inMonth,
  indicator_id: 'code',
  indicator_name: 'text',
  unit: 'text',
  value: 'figure?',
  /** The whole month before and the same month a year ago, or the same days of them: `compared_days`. */
  previous_value: 'figure?',
  previous_change: 'figure?',
  /** Of counts and amounts only: the change of a rate stands in percentage points in `previous_change`. */
  previous_percent: 'figure?',
  last_year_value: 'figure?',
  last_year_change: 'figure?',
  last_year_percent: 'figure?',
  compared_days: 'text',
} as const;
const breakdown = {
  ...org,
  ...inMonth,
  indicator_id: 'code',
  indicator_name: 'text',
  position: 'count',
  value: 'figure?',
  /** Percent of all of the breakdown. */
  share_percent: 'figure?',
  previous_value: 'figure?',
  last_year_value: 'figure?',
} as const;
const byIndicator = ['org_code', 'month', 'indicator_id'] as const;

/** Every table with its panel, in the order of the panels. */
export const COCKPIT_TABLES = {
  key_figure: { panel: 'key-figures', columns: compared, key: byIndicator },
  sparkline: {
    panel: 'key-figures',
    columns: { ...org, ...inMonth, indicator_id: 'code', value: 'figure?' },
    key: byIndicator,
  },
  trend: {
    panel: 'trend',
    columns: { ...org, ...inMonth, accepted: 'count', closed: 'count', stock: 'count' },
    key: ['org_code', 'month'],
  },
  body: {
    panel: 'districts',
    columns: {
      ...org,
      org_name: 'text',
      org_level: 'text?',
      district_code: 'text?',
      tile_name: 'text?',
      tile_column: 'count?',
      tile_row: 'count?',
      position: 'count',
    },
    key: ['org_code'],
  },
  ranking: {
    panel: 'districts',
    columns: {
      ...org,
      ...inMonth,
      indicator_id: 'code',
      value: 'figure?',
      /** 1 is the greatest value; equal values share a place. */
      place: 'count?',
      places: 'count',
    },
    key: byIndicator,
  },
  dispute_type: { panel: 'dispute-types', columns: breakdown, key: byIndicator },
  employer_group: { panel: 'employer-groups', columns: breakdown, key: byIndicator },
  industry: { panel: 'industries', columns: breakdown, key: byIndicator },
  collective: { panel: 'collective-disputes', columns: compared, key: byIndicator },
  time_limit: {
    panel: 'time-limits',
    columns: {
      ...org,
      as_of: 'day',
      open_cases: 'count',
      suspended: 'count',
      overdue: 'count',
      overdue_over_30: 'count',
      longest_overdue_days: 'count?',
      due_in_7_days: 'count',
    },
    key: ['org_code'],
  },
  pre_application: {
    panel: 'pre-applications',
    columns: {
      ...org,
      ...inMonth,
      class: 'code',
      class_name: 'text',
      position: 'count',
      is_problem: 'flag',
      records: 'count',
    },
    key: ['org_code', 'month', 'class'],
  },
  quality: {
    panel: 'data-quality',
    columns: { ...org, severity: 'code', open_findings: 'count', verified_findings: 'count' },
    key: ['org_code', 'severity'],
  },
  quality_rule: {
    panel: 'data-quality',
    columns: { ...org, rule_id: 'code', rule_title: 'text', severity: 'code', open_findings: 'count' },
    key: ['org_code', 'rule_id'],
  },
  quality_trend: {
    panel: 'data-quality',
    columns: { ...org, run_id: 'code', run_day: 'day', severity: 'code', open_findings: 'count' },
    key: ['org_code', 'run_id', 'severity'],
  },
  submission: {
    panel: 'submissions',
    columns: {
      ...org,
      product: 'code',
      batch: 'text?',
      period: 'text?',
      state: 'text?',
      records: 'count?',
      accepted: 'count?',
      rejected: 'count?',
      unanswered: 'count?',
      /** Cases that today's findings keep from the next batch. */
      held_back: 'count',
    },
    key: ['org_code', 'product'],
  },
  backup: {
    panel: 'backups',
    columns: {
      ...org,
      kind: 'code',
      kind_name: 'text',
      backups: 'count',
      last_good: 'stamp?',
      last_verified: 'stamp?',
      last_drill: 'stamp?',
    },
    key: ['org_code', 'kind'],
  },
  freshness: {
    panel: 'freshness',
    columns: { ...org, data_time: 'stamp?', last_change: 'stamp?', days_unchanged: 'count?' },
    key: ['org_code'],
  },
} as const satisfies Record<string, TableShape>;

export type CockpitTable = keyof typeof COCKPIT_TABLES;
const COCKPIT_TABLE_NAMES = Object.keys(COCKPIT_TABLES) as CockpitTable[];

/** A row of a table, by the names of its columns. */
export type CockpitRow<T extends CockpitTable> = {
  readonly [C in keyof (typeof COCKPIT_TABLES)[T]['columns']]: (typeof COCKPIT_TABLES)[T]['columns'][C] extends ColumnKind
    ? z.infer<(typeof COLUMN_KINDS)[(typeof COCKPIT_TABLES)[T]['columns'][C]]>
    : never;
};
export type CockpitRows = { readonly [T in CockpitTable]: readonly CockpitRow<T>[] };
/** A row of any table. */
export type AnyRow = Readonly<Record<string, string | number | null>>;

/** Panels by name, in the order in which they are shown. */
export const PANEL_TITLES = {
  'key-figures': '主要指标',
  trend: '受理、结案与未结趋势（24个月）',
  districts: '各区分布与排名',
  'dispute-types': '争议类型',
  'employer-groups': '用人单位类型',
  industries: '行业',
  'collective-disputes': '集体争议',
  'time-limits': '审限',
  'pre-applications': '网上预申请',
  'data-quality': '数据质量',
  submissions: '全国平台报送',
  backups: '数据备份',
  freshness: '数据时效',
} as const satisfies Record<(typeof COCKPIT_TABLES)[CockpitTable]['panel'], string>;
export type PanelName = keyof typeof PANEL_TITLES;
export const PANEL_NAMES = Object.keys(PANEL_TITLES) as PanelName[];

/** The tables of a panel, in their order. */
export function tablesOf(panel: PanelName): CockpitTable[] {
  return COCKPIT_TABLE_NAMES.filter((name) => COCKPIT_TABLES[name].panel === panel);
}

function rowSchema(name: CockpitTable): z.ZodType<AnyRow> {
  const columns = Object.entries<ColumnKind>(COCKPIT_TABLES[name].columns);
  return z.strictObject(
    Object.fromEntries(columns.map(([column, kind]) => [column, COLUMN_KINDS[kind]])),
  ) as unknown as z.ZodType<AnyRow>;
}

const versionNumber = z.int().min(1);
export const COCKPIT_FORMAT_VERSION = 1;

/** The schema of a panel's document. */
export function panelDocument(panel: PanelName) {
  return z.strictObject({
    formatVersion: z.literal(COCKPIT_FORMAT_VERSION),
    /** Of the version that it belongs to, as in the index: documents of two versions show. */
    version: versionNumber,
    panel: z.literal(panel),
    title: z.string().min(1),
    /** The day whose state the figures show. */
    asOf: z.iso.date(),
    /** What a reader should know of the figures; Chinese. */
    notes: z.array(z.string()),
    tables: z.strictObject(
      Object.fromEntries(tablesOf(panel).map((name) => [name, z.array(rowSchema(name))])),
    ),
  });
}
export interface PanelDocument {
  readonly formatVersion: typeof COCKPIT_FORMAT_VERSION;
  readonly version: number;
  readonly panel: PanelName;
  readonly title: string;
  readonly asOf: string;
  readonly notes: readonly string[];
  readonly tables: Readonly<Record<string, readonly AnyRow[]>>;
}

/** How a figure of a panel is taken apart: the sums whose members stand in the drill-down. */
const figureParts = z.strictObject({
  indicatorId: z.string().min(1),
  numerator: z.array(z.string().min(1)),
  denominator: z.array(z.string().min(1)),
});
export type FigureParts = z.infer<typeof figureParts>;

const entry = { file: z.string().min(1), sha256, sizeBytes: z.int().nonnegative() };

/** `index.json` of a version: the file that is written last and names every other one. */
export const cockpitIndex = z.strictObject({
  formatVersion: z.literal(COCKPIT_FORMAT_VERSION),
  version: versionNumber,
  runId: z.string().min(1),
  snapshotId: z.string().min(1),
  snapshotSha256: sha256,
  asOf: z.iso.date(),
  /** The moment whose state the figures show: the freeze, or the end of an earlier as-of day. */
  dataTime: stamp,
  refreshedAt: stamp,
  /** Later than this the data are late. */
  lateAfter: stamp,
  months: z.strictObject({ current: month, complete: month }),
  cutoffDay: z.int().min(0).max(28),
  toolVersion: z.string().min(1),
  definitionsSha256: sha256,
  panels: z.array(
    z.strictObject({
      panel: z.enum(PANEL_NAMES as [PanelName, ...PanelName[]]),
      title: z.string().min(1),
      rows: z.record(z.string(), z.int().nonnegative()),
      ...entry,
    }),
  ),
  /** The frozen membership and what is shown of its records. */
  drillDown: z.strictObject({
    members: z.strictObject({ rows: z.int().nonnegative(), ...entry }),
    records: z.strictObject({ rows: z.int().nonnegative(), ...entry }),
    ratios: z.array(figureParts),
  }),
});
export type CockpitIndex = z.infer<typeof cockpitIndex>;

/** `current.json`: which version is in force. Replaced in one step. */
export const cockpitPointer = z.strictObject({
  version: versionNumber,
  /** Folder beside this file. */
  folder: z.string().regex(/^v\d{6,}$/),
  indexSha256: sha256,
  publishedAt: stamp,
});
export type CockpitPointer = z.infer<typeof cockpitPointer>;

/** `status.json`: how the latest attempt ended. What is in force is what current.json says, whatever stands here. */
export const cockpitStatus = z.strictObject({
  runId: z.string().min(1),
  startedAt: stamp,
  /** `running` of a run that is no longer there was cut off: nothing of it is in force. */
  state: z.enum(['running', 'done', 'failed']),
  endedAt: stamp.nullable(),
  error: z.strictObject({ code: z.string().min(1), message: z.string(), advice: z.string() }).nullable(),
});
export type CockpitStatus = z.infer<typeof cockpitStatus>;

/** `districts.json`: where a district stands on the map of tiles, by ARB_ORG.DISTRICT_CODE. */
export const districtsFile = z.strictObject({
  recordedAt: z.iso.date(),
  validFrom: z.iso.date(),
  source: z.string().min(1),
  tiles: z
    .array(
      z.strictObject({
        district: z.string().min(1),
        name: z.string().min(1),
        column: z.int().min(0).max(99),
        row: z.int().min(0).max(99),
      }),
    )
    .refine((tiles) => new Set(tiles.map(({ district }) => district)).size === tiles.length, {
      error: 'a district stands twice',
    })
    .refine((tiles) => new Set(tiles.map(({ column, row }) => `${column}/${row}`)).size === tiles.length, {
      error: 'two districts share a tile',
    }),
});
export type DistrictsFile = z.infer<typeof districtsFile>;

/** `districts.geojson` of a home: the bureau's own map. A feature is a district, by the code in its `properties`. */
export const districtMap = z.looseObject({
  type: z.literal('FeatureCollection'),
  features: z
    .array(
      z.looseObject({
        type: z.literal('Feature'),
        properties: z.record(z.string(), z.unknown()),
        geometry: z.looseObject({
          type: z.enum(['Polygon', 'MultiPolygon']),
          coordinates: z.array(z.unknown()),
        }),
      }),
    )
    .min(1)
    .max(1000),
});
export type DistrictMap = z.infer<typeof districtMap>;

/** Stands in `month` of a member that belongs to the as-of day and to no month. */
export const NOW = 'now';
/** What a record behind a figure is. */
export type MemberKind = 'case' | 'mediation' | 'pre_application' | 'finding';
