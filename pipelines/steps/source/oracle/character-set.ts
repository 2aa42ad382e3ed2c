/** Which characters the database can hold, and whether its bytes are what its character set says they are. */

/** Character sets that hold Chinese text as the service reads it. */
const CHINESE = new Set(['AL32UTF8', 'UTF8', 'ZHS16GBK', 'ZHS32GB18030', 'AL16UTF16']);
/** Simplified Chinese of 1980: rarer characters of names are missing. */
const OLD_CHINESE = new Set(['ZHS16CGB231280', 'ZHS16CGB231280FIXED', 'ZHS16DBCS']);

export function holdsChinese(characterSet: string): 'all' | 'common' | 'none' {
  if (CHINESE.has(characterSet)) return 'all';
  return OLD_CHINESE.has(characterSet) ? 'common' : 'none';
}

/** What the bytes of some texts are: nothing beyond ASCII, text in one of two encodings, or something else. */
export type BytesVerdict = 'ascii' | 'utf-8' | 'gbk' | 'other';

/**
 * Judge how texts stand in the database. A single short text may be valid in both encodings, so the whole sample
 * decides: UTF-8 is asked first, because GBK accepts most of what is UTF-8 and not the other way round.
 */
export function judgeBytes(values: readonly Uint8Array[]): BytesVerdict {
  const beyond = values.filter((bytes) => bytes.some((byte) => byte >= 0x80));
  if (beyond.length === 0) return 'ascii';
  if (beyond.every((bytes) => isValid(bytes, 'utf-8'))) return 'utf-8';
  return beyond.every((bytes) => isValid(bytes, 'gb18030')) ? 'gbk' : 'other';
}

function isValid(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The bytes that `RAWTOHEX` or `DUMP(…, 16)` tell; undefined for anything else. */
export function bytesOf(text: string | null | undefined): Uint8Array | undefined {
  if (text === null || text === undefined) return undefined;
  if (/^(?:[0-9a-f]{2})*$/i.test(text)) return Buffer.from(text, 'hex');
  const dumped = /^Typ=\d+ Len=\d+(?: CharacterSet=\w+)?: ([0-9a-f]{1,2}(?:,[0-9a-f]{1,2})*)$/i.exec(
    text,
  )?.[1];
  if (dumped === undefined) return undefined;
  return Uint8Array.from(dumped.split(','), (digits) => Number.parseInt(digits, 16));
}
