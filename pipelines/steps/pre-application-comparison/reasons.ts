/** Why a pre-application or case stands in its class, in one sentence for those who mend it; no names, no numbers. */
import type { ComparisonClass } from '../../../schemas/comparison.ts';
import { dayText, isDayNumber } from '../../../schemas/period.ts';

/** How the links of a pre-application contradict each other: 1 or 0, NULL for a case. */
export interface ConflictFlags {
  readonly has_several_cases: number | null;
  readonly shares_its_case: number | null;
  readonly names_case_of_another: number | null;
  readonly names_no_case: number | null;
}

/** Which of the contradictions there are; empty without any. */
export function conflictWords(flags: ConflictFlags): string {
  return [
    flags.has_several_cases === 1 ? '与多件案件关联' : '',
    flags.shares_its_case === 1 ? '关联的案件还与其他预申请关联' : '',
    flags.names_case_of_another === 1 ? '案号所指案件的预申请编号是另一件' : '',
    flags.names_no_case === 1 ? '案号不对应任何未删除的案件' : '',
  ]
    .filter((text) => text !== '')
    .join('；');
}

/** What `comparison_record` says of a line beside what the data file holds. */
export interface RecordFacts extends ConflictFlags {
  readonly class: ComparisonClass;
  /** The evidence for a candidate. */
  readonly reasons: string;
  readonly status_code: string | null;
  /** The status by its name. */
  readonly status: string;
  readonly accept_day: string | null;
  /** Working days since the approval, else since it was submitted. */
  readonly waiting_days: string | null;
  /** The latest that is repeated. */
  readonly earlier_id: string | null;
  readonly case_names_one: number | null;
}

/** The reason of a line; empty where its other columns tell it. */
export function reasonOf(facts: RecordFacts): string {
  switch (facts.class) {
    case 'LINK_CONFLICT':
      return conflictWords(facts);
    case 'STATUS_CONFLICT':
      return statusWords(facts);
    case 'DUPLICATE':
      return facts.earlier_id === null ? '' : `与在先的${facts.earlier_id}重复`;
    case 'PROBABLE_MATCH':
      return facts.reasons;
    case 'MISSING_CASE':
      return waitingWords('审核通过', facts);
    case 'OVERDUE_REVIEW':
      return waitingWords('提交', facts);
    case 'ORPHAN_CASE':
      return facts.case_names_one === 1 ? '案件填写的预申请编号不存在' : '案件未填写预申请编号';
    case 'FIELD_DIFF':
    case 'MATCHED':
    case 'CLOSED_UNLINKED':
    case 'IN_PROGRESS':
      return '';
    default:
      return facts.class satisfies never;
  }
}

/** An approved one conflicts with a case that was refused, every other with one that was accepted. */
function statusWords({ status_code, status, accept_day }: RecordFacts): string {
  if (status_code === '2') return `预申请${status}，案件不予受理`;
  const day = accept_day === null || !isDayNumber(Number(accept_day)) ? '' : dayText(Number(accept_day));
  return `预申请${status}，案件已于${day}受理`;
}

function waitingWords(event: string, { waiting_days }: RecordFacts): string {
  return waiting_days === null ? '' : `${event}后已过${waiting_days}个工作日`;
}
