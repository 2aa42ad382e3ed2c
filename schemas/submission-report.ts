/** The submission as people read it: what the workbook and the bodies' lists are made from. */
import type { Provenance, Stream } from './dataset.ts';
import type { Op } from './submission.ts';

/** Where a counted case stands after a batch, in the order in which it is shown. */
export const PLACES = ['current', 'stale', 'held_back', 'rejected', 'unanswered'] as const;
export type TiePlace = (typeof PLACES)[number];

/** Of one body, or of the whole. */
export interface SubmissionBody {
  readonly code: string;
  readonly name: string;
  readonly records: Readonly<Record<Op, number>>;
  /** Cases that the platform holds before this batch. */
  readonly held: number;
  readonly heldBack: number;
  readonly rejected: number;
  readonly waiting: number;
}

/** The cases behind one figure of the macro-monitoring dataset. */
export interface TieRow {
  readonly scope: 'month' | 'ytd';
  readonly indicatorId: 'A02' | 'C01';
  readonly orgCode: string;
  readonly orgName: string;
  readonly cases: number;
  readonly places: Readonly<Record<TiePlace, number>>;
}

/** A case that has no place or several. */
export interface TieGap {
  readonly indicatorId: string;
  readonly orgCode: string;
  readonly caseId: string;
  readonly places: readonly TiePlace[];
}

export interface TieOut {
  /** By scope, indicator and body, the whole last. */
  readonly rows: readonly TieRow[];
  /** The first hundred. */
  readonly gaps: readonly TieGap[];
  readonly gapCount: number;
}

/** One reason why one case is held back (待补正). */
export interface HeldRecord {
  readonly caseId: string;
  readonly caseNo: string;
  readonly orgCode: string;
  readonly orgName: string;
  readonly ruleId: string;
  readonly ruleTitle: string;
  /** Chinese name of the table. */
  readonly table: string;
  readonly recordKey: string;
  readonly field: string;
  /** Masked where it is personal. */
  readonly value: string;
  readonly message: string;
}

/** A record that the platform rejected and that has not changed since. */
export interface RejectedRecord {
  readonly recordId: string;
  readonly caseNo: string;
  readonly orgCode: string;
  readonly orgName: string;
  readonly batch: string;
  readonly code: string;
  readonly message: string;
}

export interface SubmissionReport {
  readonly title: string;
  readonly periodText: string;
  readonly issuer: string;
  /** Empty where no batch was made. */
  readonly batch: string;
  readonly platformVersion: string;
  readonly policy: string;
  readonly isEncrypted: boolean;
  readonly provenance: Provenance;
  readonly bodies: readonly SubmissionBody[];
  readonly whole: SubmissionBody;
  readonly tieOut: TieOut;
  held(orgCode?: string): Stream<HeldRecord>;
  rejected(orgCode?: string): Stream<RejectedRecord>;
}
