/** Logging on with a password: the server's side of O5LOGON with a 12c verifier (PBKDF2, SHA-512, AES-256). */
import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { MESSAGE } from './negotiation.ts';
import { type TtcReader, TtcWriter } from './primitives.ts';

const VERIFIER_12C = 0x4815;
const VERIFIER_ROUNDS = 4096;
const SESSION_ROUNDS = 3;
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;
const ZERO_IV = Buffer.alloc(BLOCK_BYTES);

function encrypt(key: Buffer, bytes: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, ZERO_IV).setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

function decrypt(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, ZERO_IV).setAutoPadding(false);
  return Buffer.concat([decipher.update(bytes), decipher.final()]);
}

const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();

/** The verifier of a password costs thousands of hash rounds: one per password and process is enough. */
const verifiers = new Map<string, { salt: Buffer; hash: Buffer }>();

function verifierOf(password: string): { salt: Buffer; hash: Buffer } {
  const known = verifiers.get(password);
  if (known !== undefined) return known;
  const salt = randomBytes(BLOCK_BYTES);
  const speedySalt = Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]);
  const key = pbkdf2Sync(password, speedySalt, VERIFIER_ROUNDS, 64, 'sha512');
  const hash = createHash('sha512').update(key).update(salt).digest().subarray(0, KEY_BYTES);
  const made = { salt, hash };
  verifiers.set(password, made);
  return made;
}

export interface AuthRequest {
  readonly user: string;
  readonly values: ReadonlyMap<string, string>;
}

/** Either phase of the logon, after its function header. */
export function readAuth(reader: TtcReader, convertsLength: boolean): AuthRequest {
  const hasUser = reader.byte() !== 0;
  const userLength = reader.integer();
  reader.integer();
  reader.byte();
  const pairs = reader.integer();
  reader.byte();
  reader.byte();
  let user = '';
  if (hasUser && userLength > 0) {
    user = convertsLength ? reader.text() : reader.raw(userLength).toString('utf8');
  }
  const values = new Map<string, string>();
  for (let n = 0; n < pairs; n++) {
    const { key, value } = reader.keyValue();
    values.set(key, value);
  }
  return { user, values };
}

/** One logon, from the first phase to the second. */
export class Logon {
  readonly user: string;
  readonly #password: string | undefined;
  readonly #verifier: { salt: Buffer; hash: Buffer };
  readonly #serverKey = randomBytes(KEY_BYTES);
  readonly #mixingSalt = randomBytes(BLOCK_BYTES);

  /** @param password of the account; undefined for an account that does not exist, which fails like a wrong password */
  constructor(user: string, password: string | undefined) {
    this.user = user;
    this.#password = password;
    this.#verifier = verifierOf(password ?? 'no such account');
  }

  /** The answer to the first phase. */
  challenge(): Buffer {
    const writer = new TtcWriter();
    writer.byte(MESSAGE.parameter).integer(5);
    writer.keyValue('AUTH_SESSKEY', hex(encrypt(this.#verifier.hash, this.#serverKey)));
    writer.keyValue('AUTH_VFR_DATA', hex(this.#verifier.salt), VERIFIER_12C);
    writer.keyValue('AUTH_PBKDF2_CSK_SALT', hex(this.#mixingSalt));
    writer.keyValue('AUTH_PBKDF2_VGEN_COUNT', String(VERIFIER_ROUNDS));
    writer.keyValue('AUTH_PBKDF2_SDER_COUNT', String(SESSION_ROUNDS));
    return writer.take();
  }

  /** @returns the proof that the server knows the password too, or undefined when the client does not */
  prove(values: ReadonlyMap<string, string>): string | undefined {
    const clientKey = decrypt(this.#verifier.hash, Buffer.from(values.get('AUTH_SESSKEY') ?? '', 'hex'));
    const parts = hex(Buffer.concat([clientKey.subarray(0, KEY_BYTES), this.#serverKey]));
    const combined = pbkdf2Sync(parts, this.#mixingSalt, SESSION_ROUNDS, KEY_BYTES, 'sha512');
    const secret = decrypt(combined, Buffer.from(values.get('AUTH_PASSWORD') ?? '', 'hex'));
    const padding = secret.at(-1) ?? 0;
    if (padding < 1 || padding > BLOCK_BYTES) return undefined;
    const password = secret.subarray(BLOCK_BYTES, secret.length - padding).toString('utf8');
    if (this.#password === undefined || password !== this.#password) return undefined;
    const proof = [
      randomBytes(BLOCK_BYTES),
      Buffer.from('SERVER_TO_CLIENT'),
      Buffer.alloc(BLOCK_BYTES, BLOCK_BYTES),
    ];
    return hex(encrypt(combined, Buffer.concat(proof)));
  }
}

export interface SessionFacts {
  readonly databaseName: string;
  readonly instanceName: string;
  readonly serviceName: string;
  readonly sessionId: number;
  readonly serial: number;
}

/** Version 19.3.0.0.0 as the clients take it apart. */
const VERSION_NUMBER = (19 << 24) | (3 << 16);

/** The answer to the second phase. */
export function loggedOn(proof: string, facts: SessionFacts): Buffer {
  const values: Record<string, string> = {
    AUTH_VERSION_STRING: '- Production',
    AUTH_VERSION_SQL: '24',
    AUTH_XACTION_TRAITS: '3',
    AUTH_VERSION_NO: String(VERSION_NUMBER),
    AUTH_VERSION_STATUS: '0',
    AUTH_DBNAME: facts.databaseName,
    AUTH_SESSION_ID: String(facts.sessionId),
    AUTH_SERIAL_NUM: String(facts.serial),
    AUTH_INSTANCENAME: facts.instanceName,
    AUTH_SC_DBUNIQUE_NAME: facts.databaseName,
    AUTH_SC_REAL_DBUNIQUE_NAME: facts.databaseName,
    AUTH_SC_SERVICE_NAME: facts.serviceName,
    AUTH_SC_DB_DOMAIN: '',
    AUTH_MAX_OPEN_CURSORS: '300',
    AUTH_MAX_IDEN_LENGTH: '128',
    AUTH_SVR_RESPONSE: proof,
  };
  const writer = new TtcWriter(2048);
  writer.byte(MESSAGE.parameter).integer(Object.keys(values).length);
  for (const [key, value] of Object.entries(values)) writer.keyValue(key, value);
  return writer.take();
}
