/** `待整改-<机构>-YYYYMM.xlsx`: the findings of one body, as a list that its clerks work through. */
import type { FindingRecord, RectificationList, RuleCount, Severity, Stream } from '../schemas/dataset.ts';
import { FINDING_STATE_LABELS, SEVERITY_LABELS } from './labels.ts';
import { addHeading, addMerged, cell, chineseDay, draftMark, lineCount } from './sheets/layout.ts';
import { addList, type ListSpec, singleHeader } from './sheets/list.ts';
import { STYLES } from './styles.ts';
import {
  type Cell,
  type SheetWriter,
  type Validation,
  type WorkbookWriter,
  writeWorkbook,
} from './workbook.ts';

/** What a clerk can answer. */
export const RECTIFICATION_ANSWERS = ['已更正', '核实无误', '处理中'] as const;

const SEVERITY_ORDER = { error: 0, warning: 1, info: 2 } as const satisfies Record<Severity, number>;

interface Column {
  readonly title: string;
  readonly width: number;
  readonly cell: (finding: FindingRecord, number: number) => Cell;
}

const isError = ({ severity }: FindingRecord): boolean => severity === 'error';
const text = (value: string): Cell => cell(value, STYLES.textTop);
const code = (value: string | number): Cell => cell(value, STYLES.code);

const RECORD_COLUMNS: readonly Column[] = [
  { title: '序号', width: 6, cell: (_finding, number) => code(number) },
  { title: '规则', width: 8, cell: ({ ruleId }) => code(ruleId) },
  {
    title: '级别',
    width: 7,
    cell: (finding) =>
      cell(SEVERITY_LABELS[finding.severity], isError(finding) ? STYLES.failedCode : STYLES.code),
  },
  { title: '表', width: 11, cell: ({ table }) => code(table) },
  { title: '记录号', width: 21, cell: ({ recordKey }) => code(recordKey) },
  { title: '案号', width: 19, cell: ({ caseNo }) => text(caseNo) },
  { title: '字段', width: 17, cell: ({ field }) => text(field.replaceAll(',', ',\n')) },
  { title: '当前值', width: 18, cell: ({ value }) => text(value) },
  { title: '问题说明', width: 38, cell: ({ message }) => text(message) },
  { title: '法律/业务依据', width: 22, cell: ({ basis }) => text(basis) },
];
const STATE_COLUMNS: readonly Column[] = [
  { title: '状态', width: 8, cell: ({ state }) => code(FINDING_STATE_LABELS[state]) },
  { title: '首次发现', width: 12, cell: ({ firstSeen }) => code(firstSeen) },
];
const ANSWER_COLUMNS: readonly Column[] = [
  { title: '整改情况', width: 11, cell: () => cell(null, STYLES.input) },
  { title: '核实说明', width: 28, cell: () => cell(null, STYLES.input) },
  { title: '更正日期', width: 12, cell: () => cell(null, STYLES.inputDate) },
];
const VERIFIED_COLUMNS: readonly Column[] = [
  { title: '核实理由', width: 34, cell: ({ verifiedReason }) => text(verifiedReason) },
  { title: '有效期至', width: 12, cell: ({ verifiedUntil }) => code(verifiedUntil) },
];
const OPEN_COLUMNS: readonly Column[] = [...RECORD_COLUMNS, ...STATE_COLUMNS, ...ANSWER_COLUMNS];
const RESOLVED_COLUMNS: readonly Column[] = [...RECORD_COLUMNS, ...STATE_COLUMNS];
const MARKED_COLUMNS: readonly Column[] = [...RECORD_COLUMNS, ...STATE_COLUMNS, ...VERIFIED_COLUMNS];

/**
 * Write a body's workbook: how to work, what is open, what was resolved, what was verified.
 * Streams lists of any length; a full sheet continues on the next one.
 * @param file temporary path of the caller's choice; after an error a partial file may stay there
 * @param options maxRows: rows of a sheet before the list continues (absent: the file format's limit)
 * @throws RangeError where the open findings do not come errors first
 */
export async function writeRectificationXlsx(
  file: string,
  list: RectificationList,
  options: { readonly maxRows?: number } = {},
): Promise<void> {
  const spec = {
    file,
    title: `待整改 ${list.org.name} ${list.periodText}`,
    creator: list.issuer,
    generatedAt: list.provenance.generatedAt,
  };
  await writeWorkbook(spec, async (book) => {
    await addGuide(book, list);
    const common = (name: string, title: string, emptyText: string, columns: readonly Column[]) =>
      findingSheet(list, { name, title, emptyText, columns, ...options });
    const open = common('待整改', '待整改问题清单', '没有待整改的问题', OPEN_COLUMNS);
    await addList(
      book,
      { ...open, validations: answerValidations() },
      rows(errorsFirst(list.open), OPEN_COLUMNS),
    );
    const resolved = common('已整改', '上次检查以来已整改的问题', '没有已整改的问题', RESOLVED_COLUMNS);
    await addList(book, resolved, rows(list.resolved, RESOLVED_COLUMNS));
    const verified = common('已核实', '已核实无误的记录', '没有已核实无误的记录', MARKED_COLUMNS);
    await addList(book, verified, rows(list.verified, MARKED_COLUMNS));
  });
}

interface FindingSheet {
  readonly name: string;
  readonly title: string;
  readonly emptyText: string;
  readonly columns: readonly Column[];
  readonly maxRows?: number;
}

function findingSheet(list: RectificationList, sheet: FindingSheet): ListSpec {
  return {
    name: sheet.name,
    heading: {
      title: sheet.title,
      draft: draftMark(list.provenance),
      left: list.org.name,
      centre: `报表期：${list.periodText}`,
      right: `请于 ${chineseDay(list.deadline)} 前完成`,
    },
    widths: sheet.columns.map(({ width }) => width),
    header: singleHeader(sheet.columns.map(({ title }) => title)),
    frozenColumns: 2,
    emptyText: sheet.emptyText,
    notes: [],
    footerLeft: list.org.name,
    footerRight: list.periodText,
    // Record numbers and values differ in each row: shared text would keep them all in memory.
    sharedText: false,
    ...(sheet.maxRows === undefined ? {} : { maxRows: sheet.maxRows }),
  };
}

async function* rows(
  findings: Stream<FindingRecord>,
  columns: readonly Column[],
): AsyncGenerator<readonly Cell[]> {
  let number = 0;
  for await (const finding of findings) {
    number += 1;
    const place = number;
    yield columns.map((column) => column.cell(finding, place));
  }
}

async function* errorsFirst(findings: Stream<FindingRecord>): AsyncGenerator<FindingRecord> {
  let last = 0;
  for await (const finding of findings) {
    const order = SEVERITY_ORDER[finding.severity];
    if (order < last) throw new RangeError('open findings must come errors first, then warnings, then info');
    last = order;
    yield finding;
  }
}

function answerValidations(): Validation[] {
  const first = RESOLVED_COLUMNS.length + 1;
  return [
    {
      column: first,
      rule: {
        type: 'list',
        allowBlank: true,
        formulae: [`"${RECTIFICATION_ANSWERS.join(',')}"`],
        showErrorMessage: true,
        errorTitle: '整改情况',
        error: `请从下拉列表中选择：${RECTIFICATION_ANSWERS.join('、')}`,
      },
    },
    {
      column: first + 2,
      rule: {
        type: 'date',
        operator: 'greaterThanOrEqual',
        allowBlank: true,
        formulae: [new Date('2000-01-01')],
        showErrorMessage: true,
        errorTitle: '更正日期',
        error: '请填写日期，如 2026-11-10',
        showInputMessage: true,
        promptTitle: '更正日期',
        prompt: '在办案系统中更正的日期，如 2026-11-10',
      },
    },
  ];
}

const GUIDE_WIDTHS = [10, 60, 10, 12, 12, 14, 12, 12];
const GUIDE = [
  '本清单列出办案系统中不符合数据校验规则的记录。数据直接取自办案系统，请在办案系统中更正，不要在本表中改动记录内容。',
  '在“待整改”表中逐条处理：先处理级别为“错误”的记录，再处理“预警”和“提示”。可用表头的筛选按钮按规则、级别、状态筛选。',
  '处理后在绿色的“整改情况”栏选择“已更正”“核实无误”或“处理中”，并填写“核实说明”和“更正日期”。选择“核实无误”的必须写明理由，由市级登记后不再列出；记录的值变化后自动失效。',
  '涉及个人信息的当前值已作遮盖，请凭“记录号”或“案号”在办案系统中查看原记录。',
  '“持续”表示上次检查已经发现、至今没有更正的问题；下次检查时已更正的问题转入“已整改”。',
];

async function addGuide(book: WorkbookWriter, list: RectificationList): Promise<void> {
  const draft = draftMark(list.provenance);
  const headingRows = draft === '' ? 2 : 3;
  const sheet = book.sheet({
    name: '说明',
    widths: GUIDE_WIDTHS,
    frozenRows: headingRows,
    frozenColumns: 0,
    titleRows: headingRows,
    footerLeft: list.org.name,
    footerRight: list.periodText,
    marked: draft !== '',
    sharedText: false,
  });
  await addHeading(
    sheet,
    {
      title: '数据质量待整改清单',
      draft,
      left: `发至：${list.org.name}`,
      centre: `报表期：${list.periodText}`,
      right: `制表机构：${list.issuer}`,
    },
    GUIDE_WIDTHS,
  );
  await addSteps(sheet, list);
  await addCounts(sheet, list.counts);
}

async function addSteps(sheet: SheetWriter, list: RectificationList): Promise<void> {
  const width = GUIDE_WIDTHS.reduce((total, each) => total + each, 0);
  const { snapshotId, asOf, runId } = list.provenance;
  await addMerged(sheet, '一、要求', STYLES.section, GUIDE_WIDTHS.length, 26);
  const lines = [
    `完成时限：${chineseDay(list.deadline)}`,
    ...GUIDE.map((line, index) => `${index + 1}.${line}`),
    `数据快照：${snapshotId}（${chineseDay(asOf)}）；运行编号：${runId}。`,
  ];
  for (const line of lines) {
    await addMerged(sheet, line, STYLES.note, GUIDE_WIDTHS.length, 5 + 13.5 * lineCount(line, width));
  }
}

async function addCounts(sheet: SheetWriter, counts: readonly RuleCount[]): Promise<void> {
  await addMerged(sheet, '二、各规则问题数', STYLES.section, GUIDE_WIDTHS.length, 26);
  const titles = ['规则', '规则名称', '级别', '新增', '持续', '待整改合计', '已整改', '已核实'];
  await sheet.add({ cells: titles.map((title) => cell(title, STYLES.head)), height: 30 });
  for (const count of counts) await sheet.add({ cells: countCells(count), height: countHeight(count) });
  for (const severity of ['error', 'warning', 'info'] as const) {
    const total = totalOf(counts.filter((count) => count.severity === severity));
    await sheet.add({ cells: totalCells(`${SEVERITY_LABELS[severity]}小计`, severity, total), height: 20 });
  }
  await sheet.add({ cells: totalCells('合计', undefined, totalOf(counts)), height: 20 });
}

type Counts = Pick<RuleCount, 'new' | 'continuing' | 'resolved' | 'verified'>;

function countHeight({ ruleTitle }: RuleCount): number {
  return 6 + 13.5 * lineCount(ruleTitle, GUIDE_WIDTHS[1] ?? 0);
}

function countCells(count: RuleCount): Cell[] {
  const severity = count.severity === 'error' ? STYLES.failedCode : STYLES.code;
  return [
    code(count.ruleId),
    cell(count.ruleTitle, STYLES.text),
    cell(SEVERITY_LABELS[count.severity], severity),
    ...numbers(count).map((number) => cell(number, STYLES.count)),
  ];
}

function totalCells(title: string, severity: Severity | undefined, counts: Counts): Cell[] {
  return [
    cell(null, STYLES.totalText),
    cell(title, STYLES.totalText),
    cell(severity === undefined ? null : SEVERITY_LABELS[severity], STYLES.totalText),
    ...numbers(counts).map((number) => cell(number, STYLES.totalCount)),
  ];
}

function numbers(counts: Counts): number[] {
  return [counts.new, counts.continuing, counts.new + counts.continuing, counts.resolved, counts.verified];
}

function totalOf(counts: readonly RuleCount[]): Counts {
  const total = (key: keyof Counts): number => counts.reduce((sum, count) => sum + count[key], 0);
  return {
    new: total('new'),
    continuing: total('continuing'),
    resolved: total('resolved'),
    verified: total('verified'),
  };
}
