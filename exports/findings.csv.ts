/** Findings as a CSV file that people open in a spreadsheet. */
import type { FindingRecord, Stream } from '../schemas/dataset.ts';
import { neutralised, writeCsv } from './csv.ts';
import { FINDING_STATE_LABELS, SEVERITY_LABELS } from './labels.ts';

const COLUMNS: readonly (readonly [title: string, text: (finding: FindingRecord) => string])[] = [
  ['规则', ({ ruleId }) => ruleId],
  ['规则名称', ({ ruleTitle }) => ruleTitle],
  ['级别', ({ severity }) => SEVERITY_LABELS[severity]],
  ['状态', ({ state }) => FINDING_STATE_LABELS[state]],
  ['机构代码', ({ orgCode }) => orgCode],
  ['机构名称', ({ orgName }) => orgName],
  ['表', ({ table }) => table],
  ['记录号', ({ recordKey }) => recordKey],
  ['案号', ({ caseNo }) => caseNo],
  ['字段', ({ field }) => field],
  ['当前值', ({ value }) => value],
  ['问题说明', ({ message }) => message],
  ['法律/业务依据', ({ basis }) => basis],
  ['首次发现', ({ firstSeen }) => firstSeen],
  ['核实有效期至', ({ verifiedUntil }) => verifiedUntil],
  ['核实理由', ({ verifiedReason }) => verifiedReason],
];

/** Write findings in the order given; text that a spreadsheet would run as a formula is neutralised. */
export async function writeFindingsCsv(file: string, findings: Stream<FindingRecord>): Promise<void> {
  const header = COLUMNS.map(([title]) => title);
  await writeCsv(file, header, records(findings));
}

async function* records(findings: Stream<FindingRecord>): AsyncGenerator<readonly string[]> {
  for await (const finding of findings) yield COLUMNS.map(([, text]) => neutralised(text(finding)));
}
