/** Whether a dataset may be published: what holds it, and who may release it. */
import type { CheckResult } from '../../../schemas/dataset.ts';

/** K01 to K10 can only be mended. */
const UNRELEASABLE = /^K(0\d|10)$/;

export interface HoldReason {
  /** Chinese, for the draft and the workbook. */
  readonly text: string;
  /** Whether a person may release it with a reason. */
  readonly releasable: boolean;
}

/** What holds a dataset; empty when nothing does. */
export function holdReasons(input: {
  readonly checks: readonly CheckResult[];
  readonly provisionalDeadlines: number;
  /** YYYY-MM-DD: the first day of the data, where the whole period lies before it. */
  readonly dataBegin: string | undefined;
  readonly needsApproval: boolean;
}): HoldReason[] {
  const failing = new Map<string, CheckResult[]>();
  for (const check of input.checks.filter(({ ok }) => !ok)) {
    failing.set(check.id, [...(failing.get(check.id) ?? []), check]);
  }
  return [
    ...[...failing].map(([id, checks]) => ({
      text: `${id} ${checks[0]?.name ?? ''}未通过（${checks.length}处；${checks[0]?.orgName ?? ''}：${checks[0]?.note ?? ''}）`,
      releasable: !UNRELEASABLE.test(id),
    })),
    ...(input.dataBegin === undefined
      ? []
      : [{ text: `数据自${input.dataBegin}起，报表期内没有任何数据`, releasable: true }]),
    ...(input.provisionalDeadlines > 0
      ? [
          {
            text: `${input.provisionalDeadlines}件案件的审限按未公布放假安排的年份推算`,
            releasable: true,
          },
        ]
      : []),
    ...(input.needsApproval ? [{ text: '待批准', releasable: true }] : []),
  ];
}
