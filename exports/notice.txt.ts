/** The note that lies beside the files of a draft, so that nobody takes them for a publication. */

export const NOTICE_NAME = '草稿-未发布.txt';

/** Chinese text, CRLF. */
export function draftNotice(draft: {
  /** Of which product: 宏观监测数据. */
  readonly what: string;
  readonly periodText: string;
  readonly runId: string;
  readonly provisional: boolean;
  readonly heldReasons: readonly string[];
}): string {
  return [
    `本文件夹是${draft.periodText}${draft.what}的草稿，未发布，不得引用。`,
    `运行编号：${draft.runId}`,
    ...(draft.provisional ? ['报表期截止日不早于数据日期，数据为暂计，不予发布。'] : []),
    ...draft.heldReasons.map((reason, index) => `暂缓原因${index + 1}：${reason}`),
    '',
  ].join('\r\n');
}
