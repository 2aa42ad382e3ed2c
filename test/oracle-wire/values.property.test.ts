/** Values go through the wire and both clients unchanged: NUMBER, DATE, TIMESTAMP, text, at random. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataPackets, PacketParser } from '../support/oracle-wire/packets.ts';
import { TtcReader, TtcWriter } from '../support/oracle-wire/primitives.ts';
import {
  dateFieldsOfText,
  decimalParts,
  decodeDate,
  decodeNumber,
  encodeDate,
  encodeNumber,
  fieldsOfMicros,
  microsOfFields,
} from '../support/oracle-wire/values.ts';
import { cases, hasPythonClient, logOn, python, rowsOf, SEED, wire } from './support.ts';

const check = (property: fc.IRawProperty<unknown>, runs = cases(300)) =>
  fc.assert(property, { seed: SEED, numRuns: runs });

/** Decimal text of up to 38 digits, some very large or small; canonical: no needless zeros. */
const numbers = fc
  .tuple(
    fc.boolean(),
    fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
    fc.integer({ min: 0, max: 38 }),
    fc.integer({ min: 0, max: 38 }),
  )
  .map(([negative, digits, keep, scale]) => {
    const kept = digits.toString().slice(0, keep + 1);
    const padded = kept.padStart(scale + 1, '0');
    const whole = padded.slice(0, padded.length - scale).replace(/^0+(?=\d)/, '');
    const fraction = padded.slice(padded.length - scale).replace(/0+$/, '');
    const plain = fraction === '' ? whole : `${whole}.${fraction}`;
    return negative && plain !== '0' ? `-${plain}` : plain;
  });

const two = (value: number) => String(value).padStart(2, '0');

/** `YYYY-MM-DD HH:MM:SS` of real days from year 1 to 9999. */
const dates = fc
  .tuple(
    fc.integer({ min: 1, max: 9999 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 31 }),
    fc.integer({ min: 0, max: 86_399 }),
  )
  .map(([year, month, day, second]) => {
    const last =
      month === 2
        ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
          ? 29
          : 28
        : [4, 6, 9, 11].includes(month)
          ? 30
          : 31;
    const time = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
    return `${String(year).padStart(4, '0')}-${two(month)}-${two(Math.min(day, last))} ${time}`;
  });
const timestamps = fc
  .tuple(dates, fc.integer({ min: 0, max: 999_999 }))
  .map(([date, micros]) => `${date}.${String(micros).padStart(6, '0')}`);
/** Text without NUL and lone surrogates; Chinese, rare characters beyond the first plane, quotes, long runs. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom('劳', '动', '𠮷', '〔', "'", '"', '\n', ' ', '%', '中文字段'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((parts) => parts.join('').replaceAll('\0', '').toWellFormed())
  .filter((text) => text !== '');

describe('forms', () => {
  test('NUMBER', () => {
    check(
      fc.property(numbers, (text) => {
        expect(decodeNumber(encodeNumber(text))).toBe(text);
      }),
    );
    // Known bytes: 1, -1, 100, 0.5, -123.45 and zero.
    const known: [string, string][] = [
      ['1', 'c102'],
      ['-1', '3e6466'],
      ['100', 'c202'],
      ['0.5', 'c033'],
      ['-123.45', '3d644e3866'],
      ['0', '80'],
      ['1e125', 'ff0b'],
      ['1e-130', '8002'],
    ];
    for (const [text, hex] of known) expect([text, encodeNumber(text).toString('hex')]).toEqual([text, hex]);
    expect(() => encodeNumber('1e126')).toThrow();
    expect(() => encodeNumber('1'.repeat(41))).toThrow();
    expect(() => decimalParts('1,5')).toThrow();
  });

  test('NUMBER sorts as its bytes do', () => {
    const scaled = (text: string) => {
      const [whole = '', fraction = ''] = text.replace('-', '').split('.');
      const value = BigInt(whole + fraction.padEnd(40, '0'));
      return text.startsWith('-') ? -value : value;
    };
    check(
      fc.property(numbers, numbers, (a, b) => {
        const order = Buffer.compare(encodeNumber(a), encodeNumber(b));
        expect(Math.sign(order)).toBe(scaled(a) < scaled(b) ? -1 : scaled(a) > scaled(b) ? 1 : 0);
      }),
    );
  });

  test('DATE and TIMESTAMP, BC too', () => {
    check(
      fc.property(timestamps, fc.boolean(), (text, bc) => {
        const fields = dateFieldsOfText(bc && Number(text.slice(0, 4)) <= 4712 ? `-${text}` : text);
        expect(decodeDate(encodeDate(fields))).toEqual(fields);
        expect(fieldsOfMicros(microsOfFields(fields))).toEqual(fields);
      }),
    );
    expect(encodeDate(dateFieldsOfText('2026-01-31 08:30:15')).toString('hex')).toBe('787e011f091f10');
    expect(encodeDate(dateFieldsOfText('-4712-01-01')).toString('hex')).toBe('35580101010101');
  });

  test('integers and chunked bytes', () => {
    check(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(new TtcReader(new TtcWriter().integer(value).take()).integer()).toBe(value);
      }),
    );
    check(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 300 }),
        (bytes, times) => {
          const long = Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)));
          expect(new TtcReader(new TtcWriter().bytes(long).take()).bytes()?.equals(long)).toBe(true);
        },
      ),
      cases(60),
    );
  });

  test('messages cut into packets and put together again, whatever the pieces', () => {
    check(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 512, max: 2000 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 700 }),
        (message, sdu, largeLength, piece) => {
          const bytes = dataPackets(Buffer.from(message), sdu, largeLength);
          const parser = new PacketParser();
          parser.largeLength = largeLength;
          const found: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += piece) {
            parser.push(bytes.subarray(at, at + piece));
            for (let packet = parser.next(); packet !== undefined; packet = parser.next())
              found.push(packet.payload);
          }
          expect(Buffer.concat(found).equals(Buffer.from(message))).toBe(true);
        },
      ),
    );
  });
});

describe('through the clients', () => {
  const COLUMNS = [
    { name: 'ID', oracleType: 'NUMBER(9)' },
    { name: 'N', oracleType: 'NUMBER' },
    { name: 'D', oracleType: 'DATE' },
    { name: 'T', oracleType: 'TIMESTAMP(6)' },
    { name: 'S', oracleType: 'VARCHAR2(4000)' },
    { name: 'L', oracleType: 'CLOB' },
  ];
  const rows = fc.array(
    fc.tuple(fc.option(numbers), fc.option(dates), fc.option(timestamps), fc.option(texts), fc.option(texts)),
    { minLength: 1, maxLength: 60 },
  );
  const EXACT = `SELECT N, TO_CHAR(D, 'YYYY-MM-DD HH24:MI:SS'), TO_CHAR(T, 'YYYY-MM-DD HH24:MI:SS.FF6'), S FROM ARB.V ORDER BY ID`;
  const withZero = (text: unknown) => (typeof text === 'string' ? text.replace(/^(-?)\./, '$10.') : text);

  test('node-oracledb gets what was stored, at random fetch sizes', async () => {
    const server = await wire();
    const connection = await logOn(server);
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.integer({ min: 0, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        async (made, prefetchRows, fetchArraySize) => {
          if (server.database.tables.has('ARB.V')) await server.database.drop('ARB', 'V');
          await server.createTable(
            'ARB.V',
            COLUMNS,
            made.map((row, at) => [String(at), ...row]),
          );
          const found = await rowsOf(connection, EXACT, [], { prefetchRows, fetchArraySize });
          expect(found.map(([n, ...rest]) => [withZero(n), ...rest])).toEqual(
            made.map((row) => row.slice(0, 4)),
          );
        },
      ),
      { seed: SEED, numRuns: cases(15) },
    );
  });

  test('binds come back as they were sent', async () => {
    const connection = await logOn(await wire());
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.boolean(),
        async (text, number, long) => {
          const sent = long ? text.repeat(30) : text;
          const [row] = await rowsOf(connection, 'SELECT :1, :2 FROM DUAL', [sent, number]);
          expect(row).toEqual([sent, number.toString()]);
        },
      ),
      { seed: SEED, numRuns: cases(40) },
    );
  });

  test.skipIf(!hasPythonClient())('python-oracledb gets and binds the same', async () => {
    const server = await wire();
    const [made] = fc.sample(rows, { seed: SEED, numRuns: 1 });
    const many = fc.sample(rows, { seed: SEED, numRuns: Math.max(4, Math.min(cases(8), 200)) }).flat();
    expect(made).toBeDefined();
    await server.createTable(
      'ARB.V',
      COLUMNS,
      many.map((row, at) => [String(at), ...row]),
    );
    const found = await python(
      server,
      `
cursor.arraysize = argument['arraysize']
cursor.execute(argument['sql']); got = rows()
cursor.execute("SELECT L FROM ARB.V ORDER BY ID"); lobs = [row[0] for row in rows()]
bound = []
for row in argument['rows']:
    number = None if row[0] is None else decimal.Decimal(row[0])
    cursor.execute("SELECT :1, :2 FROM DUAL", [number, row[3]])
    bound.append(rows()[0])
print(json.dumps([got, lobs, bound]))`,
      { sql: EXACT, arraysize: 13, rows: many.slice(0, 40) },
    );
    const [got, lobs, bound] = found as [unknown[][], unknown[], unknown[][]];
    expect(got).toEqual(many.map((row) => row.slice(0, 4)));
    expect(lobs).toEqual(many.map((row) => row[4]));
    expect(bound.map((row) => row[1])).toEqual(many.slice(0, 40).map((row) => row[3]));
    expect(bound.map((row) => withZero(row[0]))).toEqual(many.slice(0, 40).map((row) => row[0]));
  });
});
