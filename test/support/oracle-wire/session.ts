/** One connection: connect, negotiate, log on, then call after call; breaks and faults in between. */
import type { Socket } from 'node:net';
import { Calls, type Disturbance } from './calls.ts';
import type { Fault } from './faults.ts';
import { Logon, loggedOn, readAuth } from './login.ts';
import {
  type ClientTraits,
  dataTypesReply,
  MESSAGE,
  protocolReply,
  readDataTypes,
  readProtocol,
} from './negotiation.ts';
import {
  acceptPacket,
  DATA_FLAG_END_OF_REQUEST,
  dataPackets,
  MARKER,
  NETWORK_SERVICES_MAGIC,
  noNetworkServices,
  PACKET,
  type Packet,
  PacketParser,
  readConnect,
  refusePacket,
} from './packets.ts';
import { ShortMessage, TtcReader, TtcWriter } from './primitives.ts';
import { OraError, writeOutcome, writeStatus } from './replies.ts';
import { type BindValue, FUNCTION, readBindRow, readExecute, readLob, readPiggyback } from './requests.ts';
import type { ServerContext } from './server.ts';
import { Cut, errorNumbered, FATAL, Gone } from './session-errors.ts';
import { alterSession } from './session-statements.ts';
import { query } from './sql/queries.ts';
import { Translation } from './sql/translation.ts';
import { oracleError } from './statements.ts';
import { Transport } from './transport.ts';

export class Session implements Disturbance {
  readonly number: number;
  readonly connection: number;
  readonly #server: ServerContext;
  readonly #transport: Transport;
  readonly #packets = new PacketParser();
  #client: ClientTraits | undefined;
  #driver = '';
  #logon: Logon | undefined;
  #calls: Calls | undefined;
  #connected = false;
  #message: Buffer = Buffer.alloc(0);
  #connectData = false;
  /** Packets wait here while a call runs. */
  #work: Promise<void> = Promise.resolve();
  #busy = false;
  #breakRequested = false;
  /** From the client's break until its error is on the way. */
  #breaking = false;
  #resetEarly = false;
  /** The error that waits for the client's reset. */
  #afterReset: Buffer | undefined;
  #killed = false;
  #deaf = false;

  constructor(server: ServerContext, socket: Socket, number: number, connection: number) {
    this.#server = server;
    this.number = number;
    this.connection = connection;
    this.#transport = new Transport(socket);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => void this.#closed());
  }

  get user(): string | undefined {
    return this.#calls?.account.name;
  }

  kill(): void {
    this.#killed = true;
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #closed(): Promise<void> {
    this.#calls?.close();
    await this.#work.catch(() => undefined);
    await this.#calls?.transaction.rollback().catch(() => undefined);
    this.#calls?.transaction.connection.closeSync();
    this.#server.left(this);
  }

  #receive(bytes: Buffer): void {
    this.#packets.push(bytes);
    try {
      for (let packet = this.#packets.next(); packet !== undefined; packet = this.#packets.next()) {
        if (packet.type === PACKET.marker) this.#marker(packet);
        else {
          const taken = packet;
          this.#busyWith(() => this.#packet(taken));
          // Until the accept is out, the length of the next packet's header is not known.
          if (!this.#connected) break;
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #busyWith(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (!(error instanceof Gone))
      this.#server.log(
        `session ${this.number}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    this.#transport.destroy();
  }

  #marker(packet: Packet): void {
    if (this.#deaf) return;
    const kind = packet.payload[2] ?? 0;
    if (kind === MARKER.reset) {
      const waiting = this.#afterReset;
      this.#afterReset = undefined;
      if (waiting !== undefined) void this.#transport.message(waiting);
      // A client that recovers from an error of its own sends break and reset at once.
      else if (this.#breaking) this.#resetEarly = true;
      return;
    }
    this.#breakRequested = true;
    this.#breaking = true;
    if (this.#busy) {
      this.#calls?.interrupt();
    } else this.#busyWith(async () => this.#cancelled(undefined));
  }

  async #packet(packet: Packet): Promise<void> {
    if (packet.type === PACKET.connect) return this.#connect(packet);
    if (packet.type !== PACKET.data) throw new Error(`a packet of type ${packet.type}`);
    if (packet.payload.length === 0) return this.#transport.end();
    if (this.#connectData) {
      this.#connectData = false;
      return this.#accept(packet.payload.toString('ascii'));
    }
    if (packet.payload.length >= 4 && packet.payload.readUInt32BE(0) === NETWORK_SERVICES_MAGIC) {
      return this.#transport.message(noNetworkServices());
    }
    this.#message =
      this.#message.length === 0 ? packet.payload : Buffer.concat([this.#message, packet.payload]);
    await this.#tryMessage((packet.flags & DATA_FLAG_END_OF_REQUEST) !== 0);
  }

  /** A message may span packets, and only some clients say where it ends: read it, and if it is short wait for more. */
  async #tryMessage(saysEnd: boolean): Promise<void> {
    const bytes = this.#message;
    let call: (() => Promise<void>) | undefined;
    try {
      call = this.#read(new TtcReader(bytes));
    } catch (error) {
      if (!(error instanceof ShortMessage)) {
        this.#message = Buffer.alloc(0);
        throw error;
      }
      if (saysEnd) throw new Error('a request ended before its last field', { cause: error });
      return;
    }
    this.#message = Buffer.alloc(0);
    this.#busy = true;
    this.#breakRequested = false;
    try {
      await call();
    } finally {
      this.#busy = false;
    }
  }

  #pendingConnect: ReturnType<typeof readConnect> | undefined;

  async #connect(packet: Packet): Promise<void> {
    const request = readConnect(packet.payload);
    this.#pendingConnect = request;
    if (request.data !== undefined) return this.#accept(request.data);
    this.#connectData = true;
    this.#connected = true;
    this.#again();
  }

  async #accept(descriptor: string): Promise<void> {
    const refused = this.#server.refusal(descriptor, this.connection);
    if (refused === 'closed') {
      this.#transport.destroy();
      throw new Gone();
    }
    if (refused !== undefined) {
      await this.#transport.raw(refusePacket(refused));
      return this.#transport.end();
    }
    const request = this.#pendingConnect;
    if (request === undefined) throw new Error('connect data without a connect packet');
    const accepted = acceptPacket(request);
    await this.#transport.raw(accepted.bytes);
    this.#transport.sdu = request.sdu;
    this.#transport.largeLength = accepted.largeLength;
    this.#packets.largeLength = accepted.largeLength;
    this.#connected = true;
    const slow = this.#server.faults.strike(['slow'], { connection: this.connection });
    if (slow !== undefined) this.#transport.pace = slow;
    this.#again();
  }

  /** Look at bytes that arrived before the header's form was known. */
  #again(): void {
    setImmediate(() => this.#receive(Buffer.alloc(0)));
  }

  /** Take a whole message apart; what it returns does it. */
  #read(reader: TtcReader): () => Promise<void> {
    const riders: (() => void)[] = [];
    while (reader.peek() === MESSAGE.piggyback) {
      reader.byte();
      const rider = readPiggyback(reader);
      riders.push(() => this.#ride(rider));
    }
    const type = reader.byte();
    const act = this.#readMessage(type, reader);
    if (reader.left > 0) throw new Error(`${reader.left} bytes too many after a message of type ${type}`);
    return async () => {
      for (const ride of riders) ride();
      await act();
    };
  }

  #ride(rider: ReturnType<typeof readPiggyback>): void {
    if (rider.kind === 'closeCursors') this.#calls?.closeCursors(rider.cursors);
    else if (rider.kind === 'freeLobs') this.#calls?.lobs.free(rider.locators);
    else if (rider.kind === 'setSchema' && this.#calls !== undefined) this.#calls.state.schema = rider.schema;
  }

  #readMessage(type: number, reader: TtcReader): () => Promise<void> {
    if (type === MESSAGE.protocol) {
      this.#driver = readProtocol(reader);
      return () => this.#transport.message(protocolReply(this.#server.characterSet));
    }
    if (type === MESSAGE.dataTypes) {
      const client = readDataTypes(reader);
      this.#client = client;
      return () => this.#transport.message(dataTypesReply(client, this.#server.dictionary.databaseTimeZone));
    }
    if (type !== MESSAGE.function && type !== MESSAGE.oneWay)
      throw new Error(`messages of type ${type} are not served`);
    const code = reader.byte();
    reader.byte();
    return this.#readFunction(code, reader);
  }

  #readFunction(code: number, reader: TtcReader): () => Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new Error('a call before the negotiation');
    if (code === FUNCTION.authOne || code === FUNCTION.authTwo) {
      const request = readAuth(reader, client.convertsLength);
      return code === FUNCTION.authOne
        ? () => this.#challenge(request.user)
        : () => this.#logOn(request.values);
    }
    const calls = this.#calls;
    if (calls === undefined) throw new Error(`function ${code} before the logon`);
    switch (code) {
      case FUNCTION.execute: {
        const request = readExecute(reader, client);
        return () => this.#call(() => calls.execute(request, client));
      }
      case FUNCTION.fetch: {
        const [cursor, rows] = [reader.integer(), reader.integer()];
        return () => this.#call(() => calls.fetch(cursor, rows));
      }
      case FUNCTION.reExecute:
      case FUNCTION.reExecuteAndFetch:
        return this.#readAgain(code, reader, calls);
      case FUNCTION.lob: {
        const request = readLob(reader);
        return () =>
          this.#call(async () =>
            this.#finished(new TtcWriter().raw(calls.lobs.answer(request, this.#driver))),
          );
      }
      case FUNCTION.commit:
        return () => this.#call(async () => this.#ended(new TtcWriter(), await calls.transaction.commit()));
      case FUNCTION.rollback:
        return () => this.#call(async () => this.#ended(new TtcWriter(), await calls.transaction.rollback()));
      case FUNCTION.ping:
      case FUNCTION.logoff:
        return () => this.#call(async () => this.#ended(new TtcWriter()));
      case FUNCTION.releaseSession:
        reader.rest();
        return async () => undefined;
      default:
        throw new Error(`the function ${code} is not served`);
    }
  }

  #readAgain(code: number, reader: TtcReader, calls: Calls): () => Promise<void> {
    const cursor = reader.integer();
    const count = reader.integer();
    reader.integer();
    const flags = reader.integer();
    const types = calls.bindTypes(cursor);
    const rows: (readonly BindValue[])[] = [];
    while (reader.left > 0) rows.push(readBindRow(reader, types));
    const fetches = code === FUNCTION.reExecuteAndFetch;
    const wanted = fetches ? 1 : count;
    if (types.length > 0 && rows.length < wanted) throw new ShortMessage('rows of binds are missing');
    return () => this.#call(() => calls.executeAgain(cursor, count, flags, rows, fetches));
  }

  /** The end of a call whose answer holds more than a status. */
  #finished(writer: TtcWriter): TtcWriter {
    writeOutcome(writer, {
      cursorId: 0,
      rowCount: 0,
      inTransaction: this.#calls?.transaction.isOpen ?? false,
    });
    return writer;
  }

  #ended(writer: TtcWriter, _done?: unknown): TtcWriter {
    writeStatus(writer, this.#calls?.transaction.isOpen ?? false);
    return writer;
  }

  async #challenge(user: string): Promise<void> {
    const name = /^".*"$/.test(user) ? user.slice(1, -1) : user.toUpperCase();
    const account = this.#server.accounts.find((one) => one.name === name);
    this.#logon = new Logon(name, account?.password);
    const writer = new TtcWriter().raw(this.#logon.challenge());
    await this.#transport.message(this.#ended(writer).take());
  }

  async #logOn(values: ReadonlyMap<string, string>): Promise<void> {
    const logon = this.#logon;
    if (logon === undefined) throw new Error('the second phase of a logon without the first');
    const account = this.#server.accounts.find((one) => one.name === logon.user);
    const proof = logon.prove(values);
    const fault = this.#server.faults.strike(['login'], { connection: this.connection });
    if (fault !== undefined) return this.#refuseLogon(errorNumbered(fault.error));
    if (proof === undefined || account === undefined) return this.#refuseLogon(errorNumbered(1017));
    if (account.status === 'locked') return this.#refuseLogon(errorNumbered(28000));
    if (account.status === 'expired') return this.#refuseLogon(errorNumbered(28001));
    const engine = await this.#server.database.connect();
    await engine.run("SET TimeZone = 'Asia/Shanghai'");
    this.#calls = new Calls(this.#server, account, this.number, this.connection, engine, this);
    const alter = (values.get('AUTH_ALTER_SESSION') ?? '').replace(/\0.*$/s, '');
    if (alter !== '') {
      const t = new Translation(alter, this.#calls.surroundings, [], query);
      t.take();
      alterSession(t, this.#calls.state);
    }
    const { dictionary, options } = this.#server;
    const facts = {
      databaseName: dictionary.databaseName,
      instanceName: dictionary.instanceName,
      serviceName: options.serviceName,
      sessionId: this.number,
      serial: this.number * 7 + 1,
    };
    this.#server.log(`session ${this.number}: ${account.name} through ${this.#driver.trim()}`);
    const writer = new TtcWriter(2048).raw(loggedOn(proof, facts));
    await this.#transport.message(this.#ended(writer).take());
  }

  async #refuseLogon(error: OraError): Promise<void> {
    await this.#transport.message(this.#errorMessage(error));
    await this.#transport.end();
  }

  #errorMessage(error: OraError): Buffer {
    const writer = new TtcWriter();
    writeOutcome(writer, {
      cursorId: 0,
      rowCount: 0,
      inTransaction: this.#calls?.transaction.isOpen ?? false,
      error: { number: error.number, message: error.message, offset: error.offset },
    });
    return writer.take();
  }

  /** Run a call and send what it gives, or its error. */
  async #call(run: () => Promise<TtcWriter>): Promise<void> {
    try {
      if (this.#killed) throw errorNumbered(28);
      const writer = await run();
      if (this.#breakRequested) return await this.#cancelled(undefined);
      await this.#transport.message(writer.view());
    } catch (error) {
      if (error instanceof Gone) throw error;
      const shown = this.#breakRequested ? undefined : oracleError(error);
      if (shown === undefined) return this.#cancelled(undefined);
      if (error instanceof Cut) return this.#cancelled(error.error);
      await this.#transport.message(this.#errorMessage(shown));
      if (FATAL.has(shown.number)) await this.#transport.end();
    }
  }

  /** Break and reset; the error follows when the client has reset too. */
  async #cancelled(error: OraError | undefined): Promise<void> {
    this.#breakRequested = false;
    const shown = error ?? new OraError(1013, 'user requested cancel of current operation');
    const message = this.#errorMessage(shown);
    const early = this.#resetEarly;
    if (!early) this.#afterReset = message;
    this.#breaking = false;
    this.#resetEarly = false;
    await this.#transport.marker(MARKER.break);
    await this.#transport.marker(MARKER.reset);
    if (early) await this.#transport.message(message);
    if (FATAL.has(shown.number)) {
      // Time for the reset and the error to pass before the connection goes.
      const wait = new Promise<void>((resolve) => setTimeout(resolve, 250));
      await Promise.race([wait, this.#transport.closed]);
      await this.#transport.end();
    }
  }

  async strike(fault: Fault, writer: TtcWriter): Promise<void> {
    this.#server.log(`session ${this.number}: fault ${JSON.stringify(fault)}`);
    const partial = writer.length > 0;
    switch (fault.kind) {
      case 'drop': {
        const bytes = dataPackets(writer.take(), this.#transport.sdu, this.#transport.largeLength);
        if (partial || fault.midPacket === true) {
          await this.#transport.raw(
            fault.midPacket === true ? bytes.subarray(0, Math.max(5, bytes.length - 3)) : bytes,
          );
        }
        await this.#transport.end();
        throw new Gone();
      }
      case 'stall': {
        if (partial) await this.#transport.message(writer.take());
        this.#deaf = true;
        const until = [this.#transport.closed];
        if (fault.ms !== undefined) until.push(new Promise<void>((resolve) => setTimeout(resolve, fault.ms)));
        await Promise.race(until);
        this.#deaf = false;
        if (!this.#transport.isOpen) throw new Gone();
        return;
      }
      case 'error': {
        const error = errorNumbered(fault.error);
        if (!partial) throw error;
        // The rows of this call are given up: python-oracledb 1.x takes no markers after part of an answer.
        writer.clear();
        throw new Cut(error);
      }
      default:
    }
  }
}
