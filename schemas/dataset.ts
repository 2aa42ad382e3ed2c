/**
 * The datasets that exports turn into files: the macro-monitoring dataset of one period and the findings that a
 * body works through. Every figure is decimal text (`1234`, `1234.50`, `87.31`), the empty text is "no value":
 * nothing here passes through a binary float.
 */
import { z } from 'zod';
import { SEVERITIES, type Severity, UNITS } from './definitions.ts';

export type { Severity };

/** A list that an export reads once, from the first element to the last. */
export type Stream<T> = AsyncIterable<T> | Iterable<T>;

export const SCOPES = ['month', 'ytd'] as const;
/** `month` is the period itself (also a quarter, half-year or year), `ytd` runs from the year's first day. */
export type Scope = (typeof SCOPES)[number];

/** The code of the whole: the row 合计. */
export const WHOLE_CODE = 'ALL';

const decimalText = z.string().regex(/^(-?\d+(\.\d+)?)?$/);

export const INDICATOR_KINDS = ['count', 'amount', 'rate', 'mean'] as const;
export type IndicatorKind = (typeof INDICATOR_KINDS)[number];

/** What a reader of the dataset needs to know of an indicator (a full definition has these fields too). */
export interface IndicatorDefinition {
  readonly id: string;
  readonly name: string;
  readonly unit: (typeof UNITS)[number];
  /** count and amount add up over bodies and months; rate and mean never do. */
  readonly kind: IndicatorKind;
  /** In words, Chinese; shown on the sheet 说明. */
  readonly definition?: string;
}

/** Columns of the dataset file, in the order of the contract. */
export const DATASET_COLUMNS = [
  'period',
  'scope',
  'org_code',
  'org_name',
  'indicator_id',
  'indicator_name',
  'unit',
  'value',
] as const;

/** One row of the dataset file: one scope, body and indicator. */
export const datasetRow = z.strictObject({
  /** `2026-10`, `2026-Q4`, `2026-H2`, `2026`. */
  period: z.string().regex(/^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4]|-H[12])?$/),
  scope: z.enum(SCOPES),
  org_code: z.string().min(1),
  org_name: z.string(),
  indicator_id: z.string().min(1),
  indicator_name: z.string().min(1),
  unit: z.enum(UNITS),
  value: decimalText,
});
export type DatasetRow = Readonly<z.infer<typeof datasetRow>>;

/** An arbitration body, or the whole (code ALL). */
export interface Body {
  readonly code: string;
  readonly name: string;
  /** 1 city, 2 district; empty where the source does not say. */
  readonly level: string;
}

/** Stands for the records whose body is empty or not in ARB_ORG. */
export const OTHER_BODY: Body = { code: '其他', name: '机构不明', level: '' };

export const PUBLICATION_STATES = ['draft', 'held', 'approved', 'published', 'superseded'] as const;
export type PublicationState = (typeof PUBLICATION_STATES)[number];

/** Where the figures come from and what they may be used for. */
export interface Provenance {
  readonly snapshotId: string;
  /** The snapshot's date, YYYY-MM-DD. */
  readonly asOf: string;
  /** ISO 8601 with offset: `2026-11-03T09:30:00+08:00`. */
  readonly generatedAt: string;
  readonly state: PublicationState;
  /** `r1`, `r2`…, or 草稿. */
  readonly revision: string;
  readonly runId: string;
  /** Who ran it: the operating system's user or the signed-in account. */
  readonly actor: string;
  readonly toolVersion: string;
  readonly definitionsSha256: string;
  /** The period's end is not before the as-of date: never published. */
  readonly provisional: boolean;
  /** Why the run is held, in Chinese; empty when it is not. */
  readonly heldReasons: readonly string[];
  /** Further remarks in Chinese: release with its reason, years without an official calendar… */
  readonly remarks: readonly string[];
}

/** One check (K01–K12) of one body and scope. */
export interface CheckResult {
  readonly id: string;
  /** Chinese, with the equation: `期初未结+受理−结案=期末未结`. */
  readonly name: string;
  readonly scope: Scope;
  readonly orgCode: string;
  readonly orgName: string;
  readonly ok: boolean;
  /** Both sides as decimal text (exact, unrounded); empty where a check has none. */
  readonly left: string;
  readonly right: string;
  readonly note: string;
}

/**
 * One figure beside those it is compared with; decimal text, empty where there is none.
 * `previous…` is the period before (only scope month), `lastYear…` the same period a year ago; the first of each
 * pair is recomputed from the same snapshot, the second is what was published then.
 */
export interface Comparison {
  readonly scope: Scope;
  readonly orgCode: string;
  readonly orgName: string;
  readonly indicatorId: string;
  readonly current: string;
  readonly previous: string;
  readonly previousPublished: string;
  readonly lastYear: string;
  readonly lastYearPublished: string;
}

export const REVISION_CAUSES = [
  '补录受理',
  '补录结案',
  '受理日期更正',
  '结案日期更正',
  '删除',
  '恢复',
  '机构变更',
  '撤销结案',
  '校验状态变化',
  '口径变更',
  '其他',
] as const;
export type RevisionCause = (typeof REVISION_CAUSES)[number];

/** What a changed case does to one body. */
export interface RevisionEffect {
  readonly orgCode: string;
  readonly orgName: string;
  /** Signed change of the statement's stock, decimal text: `1`, `-1`, `0`. */
  readonly openingDelta: string;
  /** Changes of other figures in words: `累计A02 +1;累计C01 −1`; may be empty. */
  readonly otherDeltas: string;
}

/** One case that differs from what was published: listed once, with one cause. */
export interface RevisionEntry {
  readonly caseId: string;
  readonly caseNo: string;
  readonly cause: RevisionCause;
  /** `受理日期 2026-09-01;结案日期 —`. */
  readonly oldValues: string;
  readonly newValues: string;
  /** One element, two for 机构变更. */
  readonly effects: readonly RevisionEffect[];
}

/** Per body: the signed sum over the list equals the difference exactly. */
export interface RevisionSummary {
  readonly orgCode: string;
  readonly orgName: string;
  /** B01 as it was published. */
  readonly publishedClosing: string;
  /** The figure now: A01 beside the period before, B01 beside an earlier revision of the same period. */
  readonly opening: string;
  readonly difference: string;
  /** Sum over the listed cases. */
  readonly explained: string;
}

/** All differences from one publication: that of the period before, or an earlier revision of the same period. */
export interface RevisionStatement {
  /** What is compared with, in Chinese: `上期 2026-09 r1`. */
  readonly baseline: string;
  /** Which of today's figures stands beside the published B01. */
  readonly stock: 'A01' | 'B01';
  /** Cases that the statement lists. */
  readonly cases: number;
  readonly summary: readonly RevisionSummary[];
  readonly entries: Stream<RevisionEntry>;
}

/** A case or mediation that no indicator counts. */
export interface ExcludedRecord {
  /** 仲裁案件 or 案外调解. */
  readonly kind: string;
  readonly recordKey: string;
  readonly caseNo: string;
  readonly orgCode: string;
  readonly orgName: string;
  readonly ruleId: string;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** All that the data files and the workbook of one period show. */
export interface MacroDataset {
  /** `2026-10`, `2026-Q4`, `2026-H2`, `2026`. */
  readonly period: string;
  /** `2026年10月`. */
  readonly periodText: string;
  /** `2026年1—10月`. */
  readonly ytdText: string;
  /** First and last day of the period, YYYY-MM-DD. */
  readonly startDay: string;
  readonly endDay: string;
  /** Who issues the table: 制表机构. */
  readonly issuer: string;
  readonly scopes: readonly Scope[];
  /** In the order of ORG_CODE, without the whole. */
  readonly bodies: readonly Body[];
  readonly whole: Body;
  /** In the order of the definitions. */
  readonly indicators: readonly IndicatorDefinition[];
  /** The figure of a body (or ALL); empty when there is no value. */
  value(scope: Scope, orgCode: string, indicatorId: string): string;
  readonly provenance: Provenance;
  readonly checks: readonly CheckResult[];
  /** Ordered by scope, body (ALL first), indicator. */
  readonly comparisons: Stream<Comparison>;
  /** None where nothing was published before. */
  readonly revisions: readonly RevisionStatement[];
  readonly excluded: Stream<ExcludedRecord>;
}

export const FINDING_STATES = ['new', 'continuing', 'resolved', 'verified'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

/** One finding as people see it; `value` is masked where the column is personal. */
export const findingRecord = z.strictObject({
  ruleId: z.string().min(1),
  ruleTitle: z.string(),
  severity: z.enum(SEVERITIES),
  /** Chinese name of the view: 仲裁案件. */
  table: z.string(),
  recordKey: z.string(),
  caseNo: z.string(),
  orgCode: z.string(),
  orgName: z.string(),
  /** Column names, joined with a comma. */
  field: z.string(),
  value: z.string(),
  message: z.string(),
  /** The law or business rule behind it. */
  basis: z.string(),
  state: z.enum(FINDING_STATES),
  /** YYYY-MM-DD of the snapshot in which it was first seen. */
  firstSeen: z.string(),
  /** Last day of a mark as verified, and its reason; empty otherwise. */
  verifiedUntil: z.string(),
  verifiedReason: z.string(),
});
export type FindingRecord = Readonly<z.infer<typeof findingRecord>>;

/** How many findings of a rule a body has. */
export interface RuleCount {
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly severity: Severity;
  readonly new: number;
  readonly continuing: number;
  readonly resolved: number;
  readonly verified: number;
}

/** All that a body's workbook 待整改 shows. */
export interface RectificationList {
  readonly org: Body;
  readonly periodText: string;
  readonly issuer: string;
  /** YYYY-MM-DD until when the list is to be worked through. */
  readonly deadline: string;
  readonly provenance: Provenance;
  readonly counts: readonly RuleCount[];
  /** States new and continuing; errors first, then warnings, then info. */
  readonly open: Stream<FindingRecord>;
  /** Resolved since the run before. */
  readonly resolved: Stream<FindingRecord>;
  /** Marked as verified correct. */
  readonly verified: Stream<FindingRecord>;
}
