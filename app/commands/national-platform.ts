/** The batch of a month for a platform: what the run says on a terminal. */
import type { ProductsRunEnd } from '../../pipelines/monthly.ts';
import { NATIONAL_PLATFORM, type SubmissionRunEnd } from '../../pipelines/national-platform.ts';
import { EXIT } from '../../pipelines/runtime/errors.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';

const STATE_TEXT = {
  published: 'built, not sent yet',
  unchanged: 'nothing to ask of the platform: no batch',
  held: 'HELD: no batch was built, the files are a draft',
  draft: 'provisional draft: the period had not ended at the as-of date; no batch',
} as const satisfies Record<SubmissionRunEnd['submission']['state'], string>;

const COUNT_NAMES = {
  I: 'to insert (本批新增)',
  U: 'to update (本批更新)',
  D: 'to delete (本批删除)',
  held: 'held by the platform before (平台已有)',
  heldBack: 'held back until corrected (待补正)',
  rejected: 'rejected, neither changed nor released (被退回待处理)',
  waiting: 'in an unanswered batch (已报送待回执)',
} as const;

/** The closing summary: counts, tie-out, files, what comes next; undefined where the run made no batch. */
export function submissionResult({
  runId,
  submission,
  prepared,
  noSubmission,
}: Partial<ProductsRunEnd> & { readonly runId: string }): CommandResult | undefined {
  if (noSubmission !== undefined) {
    return {
      json: { run: runId, product: NATIONAL_PLATFORM, state: 'none', why: noSubmission },
      lines: ['', `${NATIONAL_PLATFORM}: no batch was built, because ${noSubmission}`],
    };
  }
  if (submission === undefined || prepared === undefined) return undefined;
  const { product, period, state, batch, revision, counts, dir, files, reasons, provisional, tieOut } =
    submission;
  const json = {
    run: runId,
    product,
    period: period.text,
    state,
    batch: batch ?? null,
    revision,
    provisional,
    snapshot: prepared.manifest.id,
    asOf: prepared.asOf,
    dir,
    files,
    heldReasons: reasons.map(({ text, releasable }) => ({ text, releasable })),
    counts,
    tieOut: { gapCount: tieOut.gapCount, gaps: tieOut.gaps },
  };
  const indented = (line: string): string => `  ${line}`;
  const shown = files.filter((file) => /\.(zip|age|xlsx|xsd|txt|json)$/.test(file) && !file.includes('/'));
  const lists = files.filter((file) => /^待补正\//.test(file)).length;
  const lines = [
    '',
    `${product} ${period.text}${batch === undefined ? '' : ` batch ${batch}`}: ${STATE_TEXT[state]}`,
    `run ${runId}, snapshot ${prepared.manifest.id} as of ${prepared.asOf}`,
    '',
    ...tableLines(
      [
        { title: 'records', align: 'right', value: ([, count]: readonly [string, number]) => String(count) },
        { title: 'which', value: ([name]) => name },
      ],
      Object.entries(COUNT_NAMES).map(
        ([key, name]) => [name, counts[key as keyof typeof COUNT_NAMES]] as const,
      ),
    ).map(indented),
    '',
    tieOut.gapCount === 0
      ? 'Tie-out: every case behind A02 and C01 has exactly one place'
      : `Tie-out: ${tieOut.gapCount} cases have no place or several`,
    '',
    `Files in ${dir}:`,
    ...shown.map(indented),
    ...(lists > 0 ? [indented(`待补正/ (${lists} workbooks for the bodies)`)] : []),
    ...(reasons.length > 0 ? ['', 'Needs attention:', ...reasons.map(({ text }) => indented(text))] : []),
    ...nextStep(
      state,
      runId,
      batch,
      reasons.every(({ releasable }) => releasable),
    ),
  ];
  return { json, lines, exit: state === 'held' ? EXIT.held : EXIT.done };
}

function nextStep(
  state: SubmissionRunEnd['submission']['state'],
  runId: string,
  batch: string | undefined,
  releasable: boolean,
): string[] {
  if (batch !== undefined) return ['', `Next: npx arbdata submit --batch ${batch}    send it`];
  if (state !== 'held') return [];
  return [
    '',
    releasable
      ? `Next: npx arbdata runs release ${runId} --reason "…"    build it all the same`
      : 'Next: mend what is named above, then run it again; this cannot be released',
  ];
}
