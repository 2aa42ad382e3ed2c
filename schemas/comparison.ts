/** The comparison of pre-applications with cases: classes, fields, lines of the data file, weights of evidence. */
import { z } from 'zod';

/** Every class, in the order of the data file; a case without a pre-application comes last. */
export const COMPARISON_CLASSES = [
  'LINK_CONFLICT',
  'STATUS_CONFLICT',
  'FIELD_DIFF',
  'MATCHED',
  'DUPLICATE',
  'PROBABLE_MATCH',
  'MISSING_CASE',
  'OVERDUE_REVIEW',
  'CLOSED_UNLINKED',
  'IN_PROGRESS',
  'ORPHAN_CASE',
] as const;
export type ComparisonClass = (typeof COMPARISON_CLASSES)[number];

export const CLASS_TITLES = {
  LINK_CONFLICT: '关联冲突',
  STATUS_CONFLICT: '状态不一致',
  FIELD_DIFF: '字段不一致',
  MATCHED: '一致',
  DUPLICATE: '重复申请',
  PROBABLE_MATCH: '疑似关联',
  MISSING_CASE: '通过未立案',
  OVERDUE_REVIEW: '超期未审',
  CLOSED_UNLINKED: '已终结',
  IN_PROGRESS: '办理中',
  ORPHAN_CASE: '无预申请的网上案件',
} as const satisfies Record<ComparisonClass, string>;

/** Classes that ask nobody to do anything. */
const SETTLED: readonly ComparisonClass[] = ['MATCHED', 'CLOSED_UNLINKED', 'IN_PROGRESS'];

/** Classes that somebody has to look at. */
export const PROBLEM_CLASSES: readonly ComparisonClass[] = COMPARISON_CLASSES.filter(
  (name) => !SETTLED.includes(name),
);

export const COMPARED_FIELDS = [
  'ORG_CODE',
  'APPLICANT_NAME',
  'APPLICANT_ID_NO',
  'RESPONDENT_NAME',
  'RESPONDENT_ID_NO',
  'DISPUTE_TYPE',
  'CLAIM_AMOUNT',
] as const;
export type ComparedField = (typeof COMPARED_FIELDS)[number];

/** Columns of the data file, in the order of the contract. */
export const COMPARISON_COLUMNS = [
  'pre_app_id',
  'case_id',
  'org_code',
  'class',
  'field',
  'pre_value',
  'case_value',
  'score',
] as const;

/** One line of the data file; the empty text is no value. */
export type ComparisonRow = Readonly<Record<(typeof COMPARISON_COLUMNS)[number], string>>;

/** What is compared between a pre-application and a case that may belong together, and how well it can agree. */
export const EVIDENCE_LEVELS = {
  APPLICANT_ID_NO: ['equal', 'one_edit', 'two_edits', 'different'],
  APPLICANT_NAME: ['equal', 'homophone', 'one_character', 'different'],
  RESPONDENT_ID_NO: ['equal', 'one_edit', 'two_edits', 'different'],
  RESPONDENT_NAME: ['equal', 'homophone', 'one_character', 'different'],
  DISPUTE_TYPE: ['equal', 'different'],
  CLAIM_AMOUNT: ['equal', 'near', 'different'],
  ORG_CODE: ['equal', 'different'],
  APPLY_DATE: ['days_3', 'days_10', 'days_30', 'different'],
} as const;
export type EvidenceField = keyof typeof EVIDENCE_LEVELS;

const probability = z.number().gt(0).lt(1);
const evidenceLevel = z.strictObject({
  level: z.string().min(1),
  /** How often pairs that belong together stand at this level. */
  m: probability,
  /** How often pairs that do not, but were looked at, stand at this level. */
  u: probability,
  /** Chinese. */
  reason: z.string().min(1),
});
export type EvidenceLevel = z.infer<typeof evidenceLevel>;

/** All levels of a field, each once and in their order: one that is left out would weigh nothing without a word. */
function levelsOf(field: EvidenceField) {
  const expected = EVIDENCE_LEVELS[field].join(', ');
  return z.array(evidenceLevel).refine((levels) => levels.map(({ level }) => level).join(', ') === expected, {
    error: `must have the levels ${expected}`,
  });
}

export const comparisonFile = z.strictObject({
  recordedAt: z.iso.date(),
  validFrom: z.iso.date(),
  /** Bits that a pair must reach to be named as likely. */
  threshold: z.number(),
  evidence: z.strictObject({
    APPLICANT_ID_NO: levelsOf('APPLICANT_ID_NO'),
    APPLICANT_NAME: levelsOf('APPLICANT_NAME'),
    RESPONDENT_ID_NO: levelsOf('RESPONDENT_ID_NO'),
    RESPONDENT_NAME: levelsOf('RESPONDENT_NAME'),
    DISPUTE_TYPE: levelsOf('DISPUTE_TYPE'),
    CLAIM_AMOUNT: levelsOf('CLAIM_AMOUNT'),
    ORG_CODE: levelsOf('ORG_CODE'),
    APPLY_DATE: levelsOf('APPLY_DATE'),
  }),
});
export const syllablesFile = z.strictObject({
  recordedAt: z.iso.date(),
  source: z.string().min(1),
  /** A syllable without its tone → the characters that sound so. */
  syllables: z.record(z.string().regex(/^[a-z]+$/), z.string().min(1)),
});
export type SyllablesFile = z.infer<typeof syllablesFile>;

export type ComparisonFile = z.infer<typeof comparisonFile>;

/** The weight of a level in hundredths of a bit: log2(m / u), as Fellegi and Sunter have it. */
export function weightHundredths({ m, u }: Pick<EvidenceLevel, 'm' | 'u'>): number {
  return Math.round(100 * Math.log2(m / u));
}

/** Counts of a body, of the whole, or of a month. */
export interface ComparisonTotals {
  readonly classes: Readonly<Record<ComparisonClass, number>>;
  /** Pre-applications, and those of them that are linked with a case. */
  readonly preApplications: number;
  readonly linked: number;
  /** Pre-applications and cases that somebody has to look at. */
  readonly problems: number;
  /** Percent, two decimals; empty without a denominator. */
  readonly linkedRate: string;
  readonly matchedRate: string;
  readonly problemRate: string;
}

export interface ComparisonBody extends ComparisonTotals {
  readonly code: string;
  readonly name: string;
  /** Working days, nearest rank; empty where there are none. */
  readonly reviewMedian: string;
  readonly reviewP90: string;
  readonly acceptMedian: string;
  readonly acceptP90: string;
}

export interface ComparisonMonth extends ComparisonTotals {
  /** `2026-10` */
  readonly month: string;
}

/** A line of the data file with what a clerk needs to find the record. */
export interface ComparisonRecord extends Omit<ComparisonRow, 'org_code' | 'pre_app_id' | 'case_id'> {
  readonly preAppId: string;
  readonly caseId: string;
  readonly orgCode: string;
  readonly orgName: string;
  readonly caseNo: string;
  /** The status of the pre-application, by its name. */
  readonly status: string;
  /** Submitted, or for a case without a pre-application received. */
  readonly date: string;
  /** Why it stands in its class; empty where the other columns tell it. */
  readonly reason: string;
  /** new or staying; empty where nobody has to look at it. */
  readonly state: string;
  readonly firstSeen: string;
  readonly ageDays: string;
  /** The values with names of persons masked. */
  readonly shownPreValue: string;
  readonly shownCaseValue: string;
}

/** What became of a problem since the run before. */
export interface ComparisonChange {
  readonly state: 'new' | 'staying' | 'resolved';
  readonly preAppId: string;
  readonly caseId: string;
  readonly orgCode: string;
  readonly orgName: string;
  readonly class: ComparisonClass;
  /** Of a resolved one; empty where the record is gone. */
  readonly classNow: string;
  readonly firstSeen: string;
  readonly ageDays: string;
}

/** A likely partner of an unlinked pre-application or an orphan case. */
export interface ComparisonPartner {
  readonly subject: 'pre_application' | 'case';
  readonly preAppId: string;
  readonly caseId: string;
  readonly orgCode: string;
  /** 1 is the likeliest. */
  readonly place: number;
  /** In bits, two decimals. */
  readonly score: string;
  readonly reasons: string;
}
