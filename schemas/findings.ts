/** One row of a findings file (`findings/<run id>.parquet`): one rule that one record breaks, or no longer breaks. */
import { z } from 'zod';
import { VIEW_NAMES } from './contract.ts';
import { SEVERITIES } from './definitions.ts';

const FINDING_STATES = ['new', 'continuing', 'resolved'] as const;

/**
 * What became of someone's word that a finding is correct as it is: it holds, its time is over, or the finding is
 * another one now (a new value, other related records).
 */
const MARK_STATES = ['verified', 'expired', 'broken'] as const;

export const finding = z.strictObject({
  rule_id: z.string().regex(/^[VN]\d{3}$/),
  severity: z.enum(SEVERITIES),
  /** The view that holds the record; `period` where a body's figures are judged. */
  scope: z.enum([...VIEW_NAMES, 'period']),
  /** The key of the record, or the code of the body. */
  record_key: z.string().min(1),
  /** The body that has to act, where the record names one. */
  org_code: z.string().nullable(),
  /** The failing columns, joined with a comma. */
  field: z.string(),
  /** Their values, joined with `;`, masked where they are personal, 「（空）」 where there is none. */
  value: z.string(),
  /** Chinese text for the clerk who corrects the record. */
  message: z.string().min(1),
  state: z.enum(FINDING_STATES),
  mark: z.enum(MARK_STATES).nullable(),
  mark_reason: z.string().nullable(),
  mark_expires_on: z.iso.date().nullable(),
  /** The day of the run that saw it first without a break since. */
  first_seen: z.iso.date(),
  /** Changes when the judged values or the related records change; reveals none of them. */
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Finding = z.infer<typeof finding>;

/** Someone's word that a finding is correct as it is. */
export interface FindingMark {
  readonly ruleId: string;
  /** The view of the record; empty where it was not recorded. */
  readonly scope: string;
  readonly recordKey: string;
  readonly fingerprint: string;
  readonly reason: string;
  /** The last day on which it holds, YYYY-MM-DD. */
  readonly expiresOn: string;
}
