/**
 * What a platform takes: its record, its package, its codes and limits, as data. One file per platform and version
 * stands under schemas/definitions/platforms/; another system is another file.
 */
import { z } from 'zod';
import { COCKPIT_FOLDER } from './cockpit.ts';
import { CODE_LIST_NAMES } from './contract.ts';
import { type CodesFile, condition } from './definitions.ts';
import { RUN_PIPELINES } from './schedules.ts';

/** What a record can say of a case, a party or a claim: the columns of sql/submission/010-source.sql and its siblings. */
const CASE_ATTRIBUTES = [
  'case_no',
  'org_code',
  'district_code',
  'apply_date',
  'accept_date',
  'apply_channel',
  'dispute_type',
  'employer_nature',
  'applicant_side',
  'industry_code',
  'worker_count',
  'is_collective',
  'claim_amount',
  'limit_date',
  'extend_days',
  'excluded_days',
  'case_status',
  'close_date',
  'close_mode',
  'final_award',
  'award_result',
  'award_amount',
] as const;
const PARTY_ATTRIBUTES = ['role', 'party_kind', 'name', 'id_no', 'gender', 'birth_year'] as const;
const CLAIM_ATTRIBUTES = ['claim_type', 'amount', 'supported_amount'] as const;

/** An element's name: also a name in XML, so that no layout can make a broken document. */
const elementName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/);
const kinds = {
  text: {
    type: z.literal('text'),
    maxLength: z.int().min(1).max(4000),
    /** A regular expression over the whole text (RE2, XSD: only what both know). */
    pattern: z.string().min(1).optional(),
  },
  date: { type: z.literal('date') },
  year: { type: z.literal('year') },
  /** The platform's code: of `codes`, else the list's national code. What has none is left out. */
  code: {
    type: z.literal('code'),
    list: z.enum(CODE_LIST_NAMES).optional(),
    codes: z.record(z.string(), z.string()).optional(),
  },
  integer: { type: z.literal('integer'), min: z.int(), max: z.int() },
  /** Yuan with two decimals. */
  money: { type: z.literal('money') },
} as const;

function fieldOf<const T extends readonly [string, ...string[]]>(attributes: T) {
  const base = {
    element: elementName,
    /** Chinese, for lists and findings. */
    title: z.string().min(1),
    from: z.enum(attributes),
    required: z.boolean(),
    /** The element stands only where this holds; absent: always. */
    when: condition.optional(),
    /** How the personal-data policy treats it where the party is a person. */
    personal: z.enum(['name', 'identity']).optional(),
  };
  return z.discriminatedUnion('type', [
    z.strictObject({ ...base, ...kinds.text }),
    z.strictObject({ ...base, ...kinds.date }),
    z.strictObject({ ...base, ...kinds.year }),
    z
      .strictObject({ ...base, ...kinds.code })
      .refine(({ list, codes }) => (list === undefined) !== (codes === undefined), {
        error: 'a code has either a list or codes of its own',
      }),
    z.strictObject({ ...base, ...kinds.integer }),
    z.strictObject({ ...base, ...kinds.money }),
  ]);
}
const caseField = fieldOf(CASE_ATTRIBUTES);
const partyField = fieldOf(PARTY_ATTRIBUTES);
const claimField = fieldOf(CLAIM_ATTRIBUTES);
export type PlatformField =
  | z.infer<typeof caseField>
  | z.infer<typeof partyField>
  | z.infer<typeof claimField>;

function listOf<T extends z.ZodType>(fields: T) {
  return z.strictObject({
    element: elementName,
    item: elementName,
    title: z.string().min(1),
    minItems: z.int().min(0),
    fields: z.array(fields).min(1),
  });
}

export const POLICIES = ['masked', 'plain'] as const;
/** How persons' data leave the house: `masked` names and hashed numbers, or `plain` in an encrypted package only. */
export type Policy = (typeof POLICIES)[number];

export const OPS = ['I', 'U', 'D'] as const;
/** Insert, update, delete: what a record asks of the platform. */
export type Op = (typeof OPS)[number];

const packageForm = {
  /** Names of the files in the package; `{number}` is the file's, five digits. */
  recordsFile: z.string().regex(/^[A-Za-z0-9._-]*\{number\}[A-Za-z0-9._-]*$/),
  recordsPerFile: z.int().min(1).max(100_000),
};

/** Products and pipelines that are no platform's: their folders, revisions and locks are their own. */
const isOwnName = (name: string): boolean =>
  name === COCKPIT_FOLDER || (name !== 'national-platform' && RUN_PIPELINES.has(name));

export const platformFile = z.strictObject({
  recordedAt: z.iso.date(),
  validFrom: z.iso.date(),
  /** The product, as in `run` and in the ledger; versions of one platform share it. */
  product: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .refine((name) => !isOwnName(name), 'must not be the name of another product or pipeline'),
  version: z.string().regex(/^[A-Za-z0-9.-]+$/),
  /** Chinese; begins the workbook's name. */
  title: z.string().min(1),
  /** A batch is `<prefix>YYYYMM-NN`. */
  batchPrefix: z.string().regex(/^[A-Za-z0-9-]+$/),
  /** A record is `<prefix><CASE_ID>`. */
  recordPrefix: z.string().regex(/^[A-Za-z0-9-]*$/),
  defaultPolicy: z.enum(POLICIES),
  format: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('xml'),
      namespace: z.string().min(1),
      root: elementName,
      record: elementName,
      /** Name of the XSD, shipped beside this file and put into the package's folder. */
      schemaFile: z.string().regex(/^[A-Za-z0-9._-]+\.xsd$/),
      ...packageForm,
    }),
    z.strictObject({ kind: z.literal('json-lines'), ...packageForm }),
  ]),
  elements: z.strictObject({ recordId: elementName, op: elementName }),
  ops: z.strictObject({ I: z.string().min(1), U: z.string().min(1), D: z.string().min(1) }),
  fields: z.array(caseField).min(1),
  parties: listOf(partyField).optional(),
  claims: listOf(claimField).optional(),
});
export type Platform = z.infer<typeof platformFile>;

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const counts = z.strictObject({ records: z.int().nonnegative(), I: z.int(), U: z.int(), D: z.int() });

/** `manifest.json` of a package, also kept beside it as `batch.json`. */
export const batchManifest = z.strictObject({
  batch: z.string().min(1),
  product: z.string().min(1),
  period: z.string().min(1),
  platformVersion: z.string().min(1),
  policy: z.enum(POLICIES),
  snapshot: z.string().min(1),
  asOf: z.iso.date(),
  counts,
  files: z.array(
    counts.extend({ name: z.string().min(1), sizeBytes: z.int().positive(), sha256: hex64, sm3: hex64 }),
  ),
  /** The file with the totals. */
  summary: z.strictObject({ name: z.string(), sizeBytes: z.int(), sha256: hex64, sm3: hex64 }),
});
export type BatchManifest = z.infer<typeof batchManifest>;

/** What a platform says of one record. */
export const RESULTS = ['accepted', 'rejected'] as const;
export type Result = (typeof RESULTS)[number];

/** Pairs of our code and the platform's, for an element that is a code. */
export function platformCodes(
  field: PlatformField & { readonly type: 'code' },
  { lists }: CodesFile,
): [own: string, theirs: string][] {
  if (field.codes !== undefined) return Object.entries(field.codes);
  const entries = field.list === undefined ? [] : (lists[field.list]?.entries ?? []);
  return entries.flatMap(({ code, nationalCode }) =>
    nationalCode === undefined ? [] : [[code, nationalCode] as [string, string]],
  );
}

/** A row of a batch's `records/*.parquet`, by case. */
export interface BatchRecord {
  readonly record_id: string;
  readonly case_id: string;
  readonly op: Op;
  readonly org_code: string;
  /** From 1: the file of the package that it stands in. */
  readonly file_number: string;
  /** Keyed SHA-256 of what the record says; empty for D. Equal content, equal fingerprint. */
  readonly fingerprint: string;
  /** The record as the package has it under the masked policy; NULL for D. */
  readonly content: string | null;
}

/** A row of a receipt's `answers.parquet`, by record id; code and message may be NULL. */
export interface ReceiptAnswer {
  readonly record_id: string;
  readonly result: Result;
  readonly code: string | null;
  readonly message: string | null;
}
