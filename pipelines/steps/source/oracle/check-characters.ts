/** Whether Chinese text comes out of the database as it was meant. */
import { CONTRACT, type ViewName } from '../../../../schemas/contract.ts';
import type { Problem } from '../source.ts';
import { decoded, quote } from './advice.ts';
import { type BytesVerdict, bytesOf, holdsChinese, judgeBytes } from './character-set.ts';
import { asked, type CheckContext, correction, type FoundView } from './check-context.ts';
import { bytesQuery, nlsQuery } from './dictionary-queries.ts';
import { columnName } from './names.ts';
import { unlessRefused } from './scn.ts';

/** Where bytes are looked at: names, which are Chinese wherever a bureau works. They are judged, never shown. */
const SAMPLES: Readonly<Partial<Record<ViewName, string>>> = {
  ARB_ORG: 'ORG_NAME',
  ARB_PARTY: 'NAME',
  PRE_APPLICATION: 'APPLICANT_NAME',
};

/**
 * What is wrong with the characters; what decodes them is noted with the views.
 *
 * A database of an ASCII or Latin character set may hold Chinese all the same: its clients wrote bytes of GBK and
 * declared them as that set, so nothing was ever converted. This service's driver says what it is, the database
 * converts, and the text is destroyed or comes as Latin letters.
 */
export async function characterSetProblems(
  context: CheckContext,
  found: readonly FoundView[],
): Promise<Problem[]> {
  const rows = await asked(context, nlsQuery('NLS_DATABASE_PARAMETERS'), {
    object: 'NLS_DATABASE_PARAMETERS',
    tells: 'the character set',
  });
  const value = (name: string) => rows?.find((row) => row['PARAMETER'] === name)?.['VALUE'] ?? undefined;
  const characterSet = value('NLS_CHARACTERSET');
  if (characterSet === undefined) return [];
  const national = value('NLS_NCHAR_CHARACTERSET');
  context.facts['characterSet'] = characterSet;
  if (national !== undefined) context.facts['nationalCharacterSet'] = national;
  const holds = holdsChinese(characterSet);
  if (holds === 'all') return [];
  if (holds === 'common') {
    return [
      {
        severity: 'warning',
        message: `the character set ${characterSet} lacks the rarer characters of names; they may stand in the database as substitutes already`,
        statements: [],
      },
    ];
  }
  const verdict = await sampled(context, found);
  return verdict === 'national' ? [] : [problemOf(context, found, { characterSet, national, verdict })];
}

/** What the bytes of names are; `national` where every sample is in the national character set, which is sound. */
async function sampled(
  context: CheckContext,
  found: readonly FoundView[],
): Promise<BytesVerdict | 'national' | 'unseen'> {
  const values: Uint8Array[] = [];
  let isAsked = false;
  let isAnswered = false;
  for (const { view, columns } of found) {
    const column = SAMPLES[view];
    const mapped = context.names[view];
    if (column === undefined) continue;
    if (columns?.get(columnName(mapped, column))?.dataType.startsWith('N') === true) continue;
    isAsked = true;
    const rows =
      (await unlessRefused(() => context.session.rows(bytesQuery(mapped, column, 'raw')))) ??
      (await unlessRefused(() => context.session.rows(bytesQuery(mapped, column, 'dump'))));
    isAnswered ||= rows !== undefined;
    values.push(...(rows ?? []).flatMap((row) => bytesOf(row['BYTES']) ?? []));
  }
  if (!isAsked) return 'national';
  return isAnswered ? judgeBytes(values) : 'unseen';
}

interface Seen {
  readonly characterSet: string;
  readonly national: string | undefined;
  readonly verdict: BytesVerdict | 'unseen';
}

function problemOf(context: CheckContext, found: readonly FoundView[], seen: Seen): Problem {
  const { characterSet, national, verdict } = seen;
  const start = `the character set of the database is ${characterSet}, which has no Chinese characters`;
  const thick =
    national === undefined || national === 'AL16UTF16'
      ? ''
      : ` (the national character set ${national} needs the thick driver: ORACLE_CLIENT_LIB_DIR)`;
  switch (verdict) {
    case 'gbk':
    case 'utf-8': {
      const source = verdict === 'gbk' ? 'ZHS16GBK' : 'AL32UTF8';
      return {
        severity: 'error',
        message: `${start}, and its names are bytes of ${source}: they would arrive destroyed. Views that decode them into NVARCHAR2 mend it; a conversion to VARCHAR2 would not, because that is ${characterSet} again${thick}`,
        statements: decodingViews(context, found, source),
      };
    }
    case 'other':
      return {
        severity: 'error',
        message: `${start}, and its names are bytes of no encoding that is known here, or of several; ask who writes them`,
        statements: [],
      };
    case 'ascii':
      return {
        severity: 'warning',
        message: `${start}; no Chinese was seen in a sample of names`,
        statements: [],
      };
    case 'unseen':
      return {
        severity: 'warning',
        message: `${start}; whether its bytes are Chinese all the same could not be looked at (UTL_RAW and DUMP were refused)`,
        statements: [`GRANT EXECUTE ON "SYS"."UTL_RAW" TO ${quote(context.account)}`],
      };
    default:
      return verdict satisfies never;
  }
}

/** One view per view with free text. Keys and codes are ASCII and stay as they are, so that indexes serve them. */
function decodingViews(
  context: CheckContext,
  found: readonly FoundView[],
  source: 'ZHS16GBK' | 'AL32UTF8',
): string[] {
  return found.flatMap((one) => {
    const { view, columns, corrections } = one;
    if (columns?.size === 0) return [];
    const texts = CONTRACT[view].columns.filter(
      ({ name, oracleType }) => oracleType.startsWith('VARCHAR2') && !PLAIN_KEYS.has(name),
    );
    for (const column of texts) {
      const name = columnName(context.names[view], column.name);
      if (columns?.get(name)?.dataType.startsWith('N') === true || corrections.has(column.name)) continue;
      corrections.set(column.name, decoded(quote(name), source));
    }
    return corrections.size === 0 ? [] : correction(context, one);
  });
}

const PLAIN_KEYS: ReadonlySet<string> = new Set(['ORG_CODE', 'PRE_APP_ID']);
