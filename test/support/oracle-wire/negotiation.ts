/** Protocol and data-type negotiation: what the server claims to be able to do, and what the client then says. */
import { type TtcReader, TtcWriter } from './primitives.ts';

export const MESSAGE = {
  protocol: 1,
  dataTypes: 2,
  function: 3,
  error: 4,
  rowHeader: 6,
  rowData: 7,
  parameter: 8,
  status: 9,
  ioVector: 11,
  lobData: 14,
  describe: 16,
  piggyback: 17,
  flushOutBinds: 19,
  bitVector: 21,
  oneWay: 26,
} as const;

/** Oracle's numbers of character sets. */
export const CHARACTER_SET_IDS = { AL32UTF8: 873, US7ASCII: 1, ZHS16GBK: 852 } as const;
export type CharacterSet = keyof typeof CHARACTER_SET_IDS;
const AL16UTF16 = 2000;

/** TTC field version of a 19c server: no tokens, no end-of-response messages, no annotations. */
const FIELD_VERSION = 12;
const FIELD_VERSION_AT = 7;
const TIME_ZONE_AT = 1;
/** The type of small signed numbers, and the form of variable length. */
const SIGNED_BYTE = 27;
const UNIVERSAL = 1;
/** Flag of the data-types message: names and SQL come after their length. */
const ENCODING_CONVERTED_LENGTH = 0x02;

function compileCapabilities(): Buffer {
  const caps = Buffer.alloc(45);
  caps[0] = 6;
  caps[4] = 0x08 | 0x20 | 0x02 | 0x01;
  caps[FIELD_VERSION_AT] = FIELD_VERSION;
  caps[8] = 1;
  caps[15] = 0x01 | 0x08 | 0x20;
  caps[16] = 0x10 | 0x80;
  caps[23] = 0x01 | 0x02 | 0x04 | 0x08 | 0x40;
  caps[37] = 0x10 | 0x20 | 0x80;
  return caps;
}

function runtimeCapabilities(): Buffer {
  const caps = Buffer.alloc(11);
  caps[0] = 2;
  caps[TIME_ZONE_AT] = 1;
  caps[6] = 0x04;
  return caps;
}

/** The answer to a protocol message. */
export function protocolReply(characterSet: CharacterSet): Buffer {
  const charsets = Buffer.alloc(11);
  charsets.writeUInt16BE(AL16UTF16, 9);
  const writer = new TtcWriter();
  writer.byte(MESSAGE.protocol).byte(6).byte(0).raw(Buffer.from('x86_64/Linux 2.4.xx\0', 'ascii'));
  writer.uint16LittleEndian(CHARACTER_SET_IDS[characterSet]).byte(1).uint16LittleEndian(0);
  writer.uint16(charsets.length).raw(charsets);
  return writer.bytes(compileCapabilities()).bytes(runtimeCapabilities()).take();
}

/** @returns the name of the driver */
export function readProtocol(reader: TtcReader): string {
  while (reader.byte() !== 0) {
    // versions that the client could speak
  }
  return reader.untilNul().toString('utf8');
}

/** What a client can do. */
export interface ClientTraits {
  readonly fieldVersion: number;
  /** Whether names and SQL come after their length; else as raw bytes. */
  readonly convertsLength: boolean;
  readonly sendsTimeZone: boolean;
  /** Whether it takes the scale of numbers and timestamps as a variable-length integer. */
  readonly integerScale: boolean;
  /** The negotiated list, which the server repeats. */
  readonly dataTypes: readonly (readonly number[])[];
}

export function readDataTypes(reader: TtcReader): ClientTraits {
  reader.uint16LittleEndian();
  reader.uint16LittleEndian();
  const flags = reader.byte();
  const compile = reader.bytes() ?? Buffer.alloc(0);
  const runtime = reader.bytes() ?? Buffer.alloc(0);
  const sendsTimeZone = ((runtime[TIME_ZONE_AT] ?? 0) & 1) !== 0;
  if (sendsTimeZone) reader.raw(11);
  const dataTypes: number[][] = [];
  for (let type = reader.uint16(); type !== 0; type = reader.uint16()) {
    const converted = reader.uint16();
    dataTypes.push(converted === 0 ? [type, 0] : [type, converted, reader.uint16(), reader.uint16()]);
  }
  return {
    fieldVersion: Math.min(compile[FIELD_VERSION_AT] ?? 0, FIELD_VERSION),
    convertsLength: (flags & ENCODING_CONVERTED_LENGTH) !== 0,
    sendsTimeZone,
    integerScale: dataTypes.some(([type, , form]) => type === SIGNED_BYTE && form === UNIVERSAL),
    dataTypes,
  };
}

/** @param databaseTimeZone `+08:00` */
export function dataTypesReply(client: ClientTraits, databaseTimeZone: string): Buffer {
  const writer = new TtcWriter(4096);
  writer.byte(MESSAGE.dataTypes);
  if (client.sendsTimeZone) {
    const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(databaseTimeZone) ?? ['', '+', '00', '00'];
    const factor = sign === '-' ? -1 : 1;
    writer.uint32(0x80000000);
    writer.byte(60 + factor * Number(hours)).byte(60 + factor * Number(minutes));
    writer.raw(Buffer.from([60, 0x80, 0, 0, 0]));
  }
  for (const entry of client.dataTypes) for (const number of entry) writer.uint16(number);
  return writer.uint16(0).take();
}
