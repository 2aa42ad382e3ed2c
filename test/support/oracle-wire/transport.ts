/** The bytes of one connection, out: whole messages in DATA packets, as slowly as a fault asks. */
import type { Socket } from 'node:net';
import { dataPackets, markerPacket } from './packets.ts';

export interface Pace {
  readonly bytesPerSecond?: number;
  readonly latencyMs?: number;
}

const SLICE_MS = 20;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Transport {
  readonly #socket: Socket;
  #queue: Promise<void> = Promise.resolve();
  pace: Pace | undefined;
  sdu = 8192;
  largeLength = false;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** A whole TTC message. */
  message(bytes: Buffer): Promise<void> {
    return this.raw(dataPackets(bytes, this.sdu, this.largeLength));
  }

  marker(kind: number): Promise<void> {
    return this.raw(markerPacket(kind, this.largeLength));
  }

  /** Bytes as they are; resolves when the socket takes more. */
  raw(bytes: Buffer): Promise<void> {
    const next = this.#queue.then(() => this.#write(bytes));
    this.#queue = next;
    return next;
  }

  async #write(bytes: Buffer): Promise<void> {
    const { pace } = this;
    if (pace === undefined) return this.#put(bytes);
    if (pace.latencyMs !== undefined) await sleep(pace.latencyMs);
    const perSlice = Math.max(
      1,
      Math.floor(((pace.bytesPerSecond ?? Number.POSITIVE_INFINITY) * SLICE_MS) / 1000),
    );
    for (let at = 0; at < bytes.length && this.isOpen; at += perSlice) {
      await this.#put(bytes.subarray(at, at + perSlice));
      if (at + perSlice < bytes.length) await sleep(SLICE_MS);
    }
  }

  async #put(bytes: Buffer): Promise<void> {
    if (!this.isOpen || this.#socket.write(bytes)) return;
    const drained = new Promise<void>((resolve) => this.#socket.once('drain', () => resolve()));
    await Promise.race([drained, this.closed]);
  }

  /** Write what is left and close. */
  async end(): Promise<void> {
    await this.#queue;
    this.#socket.end();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
