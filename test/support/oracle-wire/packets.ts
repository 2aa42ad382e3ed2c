/** TNS packets: their framing, the connect handshake, markers. Payloads of DATA packets are TTC messages. */

export const PACKET = { connect: 1, accept: 2, refuse: 4, data: 6, resend: 11, marker: 12 } as const;
export const MARKER = { break: 1, reset: 2, interrupt: 3 } as const;

/** Set by node-oracledb on the last packet of a request. */
export const DATA_FLAG_END_OF_REQUEST = 0x800;
export const DATA_FLAG_EOF = 0x40;

/** Version that the server agrees to: large packets, and a second word of flags in the accept packet. */
const SERVER_VERSION = 318;
const LARGE_LENGTH_VERSION = 315;
const HEADER_BYTES = 8;
const DATA_HEADER_BYTES = 10;
/** Offset of connect data in a connect packet; longer data than this come in a DATA packet after it. */
const MAX_SDU = 65_535;

export interface Packet {
  readonly type: number;
  /** Data flags of a DATA packet. */
  readonly flags: number;
  readonly payload: Buffer;
}

/** Cuts the stream of a socket into packets. The length field grows from 2 to 4 bytes after the accept. */
export class PacketParser {
  #pending: Buffer = Buffer.alloc(0);
  largeLength = false;

  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  next(): Packet | undefined {
    if (this.#pending.length < HEADER_BYTES) return undefined;
    const length = this.largeLength ? this.#pending.readUInt32BE(0) : this.#pending.readUInt16BE(0);
    if (length < HEADER_BYTES || length > 2_097_152) throw new Error(`a packet of ${length} bytes`);
    if (this.#pending.length < length) return undefined;
    const packet = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    const type = packet.readUInt8(4);
    const isData = type === PACKET.data;
    return {
      type,
      flags: isData ? packet.readUInt16BE(HEADER_BYTES) : 0,
      payload: packet.subarray(isData ? DATA_HEADER_BYTES : HEADER_BYTES),
    };
  }
}

function packet(type: number, body: Uint8Array, largeLength: boolean): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  if (largeLength) bytes.writeUInt32BE(bytes.length, 0);
  else bytes.writeUInt16BE(bytes.length, 0);
  bytes.writeUInt8(type, 4);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** A message cut into DATA packets of at most `sdu` bytes, one after another in one buffer. */
export function dataPackets(message: Buffer, sdu: number, largeLength: boolean): Buffer {
  const room = sdu - DATA_HEADER_BYTES;
  const count = Math.max(1, Math.ceil(message.length / room));
  const bytes = Buffer.allocUnsafe(message.length + count * DATA_HEADER_BYTES);
  let at = 0;
  for (let from = 0; from < message.length || from === 0; from += room) {
    const size = Math.min(room, message.length - from);
    bytes.fill(0, at, at + DATA_HEADER_BYTES);
    if (largeLength) bytes.writeUInt32BE(size + DATA_HEADER_BYTES, at);
    else bytes.writeUInt16BE(size + DATA_HEADER_BYTES, at);
    bytes.writeUInt8(PACKET.data, at + 4);
    message.copy(bytes, at + DATA_HEADER_BYTES, from, from + size);
    at += DATA_HEADER_BYTES + size;
  }
  return bytes.subarray(0, at);
}

export function markerPacket(kind: number, largeLength: boolean): Buffer {
  return packet(PACKET.marker, Buffer.from([1, 0, kind]), largeLength);
}

export function refusePacket(error: number): Buffer {
  const text = Buffer.from(
    `(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${error})(ERROR_STACK=(ERROR=(CODE=${error})(EMFI=4))))`,
    'ascii',
  );
  const body = Buffer.alloc(4 + text.length);
  body.writeUInt8(34, 0);
  body.writeUInt16BE(text.length, 2);
  body.set(text, 4);
  return packet(PACKET.refuse, body, false);
}

export interface ConnectRequest {
  readonly version: number;
  readonly sdu: number;
  /** Descriptor `(DESCRIPTION=…)`; undefined when it comes in a DATA packet of its own. */
  readonly data: string | undefined;
}

/** @param payload a connect packet's body, after the header */
export function readConnect(payload: Buffer): ConnectRequest {
  const at = (offset: number) => payload.readUInt16BE(offset - HEADER_BYTES);
  const version = at(8);
  const dataLength = at(24);
  const from = at(26) - HEADER_BYTES;
  const inPacket = payload.length >= from + dataLength;
  const largeSdu = version >= LARGE_LENGTH_VERSION && payload.length >= 58 ? payload.readUInt32BE(50) : 0;
  return {
    version,
    sdu: Math.min(largeSdu === 0 ? at(14) : largeSdu, MAX_SDU),
    data: inPacket ? payload.toString('ascii', from, from + dataLength) : undefined,
  };
}

export interface Accepted {
  readonly version: number;
  readonly largeLength: boolean;
  readonly bytes: Buffer;
}

/** The accept packet for a connect request; native network services are declined. */
export function acceptPacket(request: ConnectRequest): Accepted {
  const version = Math.min(request.version, SERVER_VERSION);
  const body = Buffer.alloc(45 - HEADER_BYTES);
  const at = (offset: number) => offset - HEADER_BYTES;
  body.writeUInt16BE(version, at(8));
  body.writeUInt16BE(0x0001, at(10));
  body.writeUInt16BE(Math.min(request.sdu, 65_535), at(12));
  body.writeUInt16BE(65_535, at(14));
  body.writeUInt16BE(0x0100, at(16));
  body.writeUInt16BE(0, at(18));
  body.writeUInt16BE(45, at(20));
  body.writeUInt8(0x04, at(22));
  body.writeUInt8(0x08, at(23));
  body.writeUInt32BE(request.sdu, at(32));
  body.writeUInt32BE(2_097_152, at(36));
  return {
    version,
    largeLength: version >= LARGE_LENGTH_VERSION,
    bytes: packet(PACKET.accept, body, false),
  };
}

/** Native network services, which python-oracledb 1.x asks for all the same: the answer offers none. */
export const NETWORK_SERVICES_MAGIC = 0xdeadbeef;

export function noNetworkServices(): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(NETWORK_SERVICES_MAGIC, 0);
  body.writeUInt16BE(13, 4);
  body.writeUInt32BE(0x13000000, 6);
  body.writeUInt16BE(0, 10);
  return body;
}
