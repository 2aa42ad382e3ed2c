/** Anonymous blocks: none is run, each is matched against handlers that the test brings. */
import { MESSAGE } from './negotiation.ts';
import { WIRE_TYPE } from './oracle-types.ts';
import type { TtcWriter } from './primitives.ts';
import { OraError } from './replies.ts';
import type { BindValue, Variable } from './requests.ts';
import { dateFieldsOfText, encodeDate, encodeNumber } from './values.ts';

export interface PlsqlCall {
  readonly user: string;
  readonly block: string;
  /** Names of the binds, upper case, in the order of their first mention. */
  readonly names: readonly string[];
  readonly binds: readonly BindValue[];
  /** Text of an IN bind by name; null for NULL. */
  text(name: string): string | null;
  /** Give a bind a value on the way out. */
  out(name: string, value: string | number | null): void;
}

export interface PlsqlHandler {
  readonly pattern: RegExp;
  /** @throws {OraError} what the block raises */
  run(call: PlsqlCall): void | Promise<void>;
}

const DIRECTION = { out: 16, in: 32 } as const;

/** Blocks that do nothing. */
const NOTHING: PlsqlHandler = { pattern: /^\s*BEGIN\s+NULL\s*;\s*END\s*;?\s*$/i, run: () => undefined };

/** Run a block and write what comes out of it. */
export async function runPlsql(
  handlers: readonly PlsqlHandler[],
  block: string,
  binds: readonly BindValue[],
  types: readonly Variable[],
  user: string,
  writer: TtcWriter,
): Promise<void> {
  const handler = [...handlers, NOTHING].find(({ pattern }) => pattern.test(block));
  if (handler === undefined) {
    throw new OraError(
      6550,
      'line 1, column 1:\nPLS-00201: identifier must be declared (oracle-wire has no handler for this block)',
    );
  }
  const names = bindNames(block);
  const outs = new Map<number, string | null>();
  const place = (name: string) => {
    const at = names.indexOf(name.toUpperCase());
    if (at < 0) throw new Error(`the block has no bind ${name}`);
    return at;
  };
  await handler.run({
    user,
    block,
    names,
    binds,
    text: (name) => {
      const bind = binds[place(name)];
      return bind !== undefined && 'text' in bind ? bind.text : null;
    },
    out: (name, value) => outs.set(place(name), value === null ? null : String(value)),
  });
  if (types.length > 0) writeOuts(writer, types, outs);
}

function bindNames(block: string): string[] {
  const plain = block.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, ' ');
  const names = [...plain.matchAll(/:(?!=)\s*([A-Za-z0-9_$#]+)/g)].map((match) =>
    (match[1] ?? '').toUpperCase(),
  );
  return [...new Set(names)];
}

function writeOuts(
  writer: TtcWriter,
  types: readonly Variable[],
  outs: ReadonlyMap<number, string | null>,
): void {
  writer.byte(MESSAGE.ioVector).byte(0);
  writer
    .integer(types.length & 0xff)
    .integer(types.length >> 8)
    .integer(0)
    .integer(0)
    .integer(0)
    .integer(0);
  for (const at of types.keys()) writer.byte(outs.has(at) ? DIRECTION.out : DIRECTION.in);
  if (outs.size === 0) return;
  writer.byte(MESSAGE.rowData);
  for (const [at, type] of types.entries()) {
    const value = outs.get(at);
    if (!outs.has(at)) continue;
    writer.bytes(value === null || value === undefined ? undefined : encodeOut(value, type)).integer(0);
  }
}

function encodeOut(value: string, type: Variable): Buffer {
  switch (type.wireType) {
    case WIRE_TYPE.number:
    case WIRE_TYPE.binaryInteger:
      return encodeNumber(value);
    case WIRE_TYPE.date:
    case WIRE_TYPE.timestamp:
      return encodeDate(dateFieldsOfText(value));
    default:
      return Buffer.from(value, 'utf8');
  }
}
