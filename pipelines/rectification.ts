/** 待整改: one workbook per body with the findings that it works through. */
import path from 'node:path';
import { writeRectificationXlsx } from '../exports/rectification.xlsx.ts';
import { type FindingRecord, type MacroDataset, OTHER_BODY } from '../schemas/dataset.ts';
import { dayNumber, dayText, fileForm, parsePeriod } from '../schemas/period.ts';
import type { PreparedSnapshot } from './prepare.ts';
import { ensureDir, fileNamePart, writing } from './runtime/files.ts';
import type { Advance, RunContext } from './runtime/run.ts';
import type { Artefact } from './steps/publish/folder.ts';
import { countFindings, createFindingRecords, findingRecords } from './steps/validate/records.ts';

const FOLDER = '待整改';
/** A district has ten natural days from the snapshot to work its list through. */
const DAYS_TO_RECTIFY = 10;

/** Write a workbook for each body that has findings, and one for findings without a known body. */
export async function writeRectificationLists(
  context: RunContext,
  prepared: PreparedSnapshot,
  dataset: MacroDataset,
  dir: string,
  advance: Advance,
): Promise<Artefact[]> {
  const { engine, definitions } = context;
  ensureDir(path.join(dir, FOLDER));
  await createFindingRecords(engine, prepared.findingsFile);
  const counts = await countFindings(engine, definitions.rules);
  const artefacts: Artefact[] = [];
  // Nobody's list may lose what belongs to no known body.
  for (const org of [...dataset.bodies, OTHER_BODY]) {
    advance(1);
    const orgCounts = counts.get(org.code);
    if (orgCounts === undefined) continue;
    const name = `待整改-${fileNamePart(org.code)}-${fileForm(parsePeriod(dataset.period))}.xlsx`;
    const read = (state: FindingRecord['state'] | 'open') =>
      findingRecords(engine, { rules: definitions.rules, org, state });
    const list = {
      org,
      periodText: dataset.periodText,
      issuer: dataset.issuer,
      deadline: dayText(dayNumber(prepared.asOf) + DAYS_TO_RECTIFY),
      // A list of findings is no statistic: what holds the dataset does not hold it.
      provenance: { ...dataset.provenance, state: 'published', provisional: false, heldReasons: [] },
      counts: orgCounts,
      open: read('open'),
      resolved: read('resolved'),
      verified: read('verified'),
    } as const;
    await writing(path.join(dir, FOLDER, name), (file) => writeRectificationXlsx(file, list));
    artefacts.push({ path: `${FOLDER}/${name}`, kind: 'rectification' });
  }
  return artefacts;
}
