/** `pre-application-comparison-YYYYMM.csv`: one line per pre-application, differing field, candidate or linked case. */
import { COMPARISON_COLUMNS, type ComparisonPartner, type ComparisonRow } from '../schemas/comparison.ts';
import type { Stream } from '../schemas/dataset.ts';
import { neutralised, writeCsv } from './csv.ts';

/**
 * Write the lines as given: UTF-8 with BOM, CRLF. Names come from a public portal: one that a spreadsheet would run as a
 * formula gets an apostrophe in front.
 */
export async function writeComparisonCsv(file: string, rows: Stream<ComparisonRow>): Promise<void> {
  await writeCsv(file, COMPARISON_COLUMNS, records(rows));
}

async function* records(rows: Stream<ComparisonRow>): AsyncGenerator<readonly string[]> {
  for await (const row of rows) yield COMPARISON_COLUMNS.map((column) => neutralised(row[column]));
}

const PARTNER_COLUMNS = ['subject', 'pre_app_id', 'case_id', 'org_code', 'rank', 'score', 'reasons'] as const;

/** `pre-application-candidates-YYYYMM.csv`: likely partners of unlinked pre-applications and orphan cases. */
export async function writeCandidatesCsv(file: string, partners: Stream<ComparisonPartner>): Promise<void> {
  await writeCsv(file, PARTNER_COLUMNS, partnerRecords(partners));
}

async function* partnerRecords(partners: Stream<ComparisonPartner>): AsyncGenerator<readonly string[]> {
  for await (const { subject, preAppId, caseId, orgCode, place, score, reasons } of partners) {
    yield [subject, preAppId, caseId, orgCode, String(place), score, reasons].map(neutralised);
  }
}
