/** The comparison as people read it: what the workbook and the pages are made from. */
import type {
  ComparisonBody,
  ComparisonChange,
  ComparisonClass,
  ComparisonMonth,
  ComparisonPartner,
  ComparisonRecord,
} from './comparison.ts';
import type { Provenance, Stream } from './dataset.ts';

export interface ComparisonReport {
  /** `2026年10月`, or the days. */
  readonly periodText: string;
  readonly startDay: string;
  readonly endDay: string;
  readonly issuer: string;
  /** In the order of their codes; where records name no known body, 其他 comes last. */
  readonly bodies: readonly ComparisonBody[];
  readonly whole: ComparisonBody;
  readonly provenance: Provenance;
  /** Twelve months up to that in which the period ends. @param orgCode a body, or ALL */
  trend(orgCode: string): readonly ComparisonMonth[];
  /** The lines of one class, of one body where it is given. */
  records(name: ComparisonClass, orgCode?: string): Stream<ComparisonRecord>;
  /** Likely partners of unlinked pre-applications and orphan cases. */
  partners(): Stream<ComparisonPartner>;
  changes(orgCode?: string): Stream<ComparisonChange>;
}
