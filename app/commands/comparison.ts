/** What the comparison of pre-applications with cases says on a terminal. */
import {
  CLASS_TITLES,
  type ComparisonRunEnd,
  PRE_APPLICATION_COMPARISON,
} from '../../pipelines/pre-application-comparison.ts';
import { EXIT } from '../../pipelines/runtime/errors.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';

const STATE_TEXT = {
  published: 'published',
  unchanged: 'unchanged: the lines are those already published',
  held: 'HELD: nothing was published, the files are a draft',
  draft: 'draft; never published',
} as const satisfies Record<ComparisonRunEnd['comparison']['state'], string>;

/** The closing summary: classes, what changed, files; undefined where the run made no comparison. */
export function comparisonResult({
  runId,
  comparison,
  opened,
}: Partial<ComparisonRunEnd> & { readonly runId: string }): CommandResult | undefined {
  if (comparison === undefined || opened === undefined) return undefined;
  const { state, period, revision, provisional, dir, files, reasons, counts } = comparison;
  const json = {
    run: runId,
    product: PRE_APPLICATION_COMPARISON,
    period,
    state,
    revision,
    provisional,
    snapshot: opened.manifest.id,
    asOf: opened.asOf,
    dir,
    files,
    heldReasons: reasons.map(({ text, releasable }) => ({ text, releasable })),
    classes: counts.classes,
    difference: counts.difference,
  };
  const { difference } = counts;
  const indented = (line: string): string => `  ${line}`;
  const shown = files.filter((file) => /\.(csv|xlsx|html|txt)$/.test(file) && !file.includes('/'));
  const pages = files.filter((file) => file.includes('/')).length;
  const lines = [
    '',
    `${PRE_APPLICATION_COMPARISON} ${period}${revision === null ? '' : ` r${revision}`}: ${STATE_TEXT[state]}`,
    `run ${runId}, snapshot ${opened.manifest.id} as of ${opened.asOf}`,
    '',
    ...tableLines(
      [
        { title: 'class', value: ([name]: [string, number]) => name },
        { title: 'count', align: 'right', value: ([, count]) => String(count) },
        { title: 'name', value: ([name]) => CLASS_TITLES[name as keyof typeof CLASS_TITLES] },
      ],
      Object.entries(counts.classes),
    ).map(indented),
    '',
    `Problems since the run before: ${difference.new} new, ${difference.staying} staying, ${difference.resolved} resolved`,
    '',
    `Files in ${dir}:`,
    ...shown.map(indented),
    ...(pages > 0 ? [indented(`各机构/ (${pages} pages for the bodies)`)] : []),
    ...(reasons.length > 0 ? ['', 'Needs attention:', ...reasons.map(({ text }) => indented(text))] : []),
    ...(state === 'held'
      ? ['', `Next: npx arbdata runs release ${runId} --reason "…"    publish it all the same`]
      : []),
  ];
  return { json, lines, exit: state === 'held' ? EXIT.held : EXIT.done };
}
