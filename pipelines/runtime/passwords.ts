/**
 * Passwords as they are stored and judged. The hash is scrypt with its parameters beside it, so that stronger ones can
 * come later: `scrypt$32768$8$3$<salt>$<hash>`.
 */
import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import pLimit from 'p-limit';

/** Cost, block size and parallelism; memory is 128 × cost × blockSize bytes. */
export interface ScryptParameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** OWASP's equivalent of 2^17/8/1 that takes 32 MiB a sign-in instead of 128: about 0.2 s on one core. */
const SCRYPT_PARAMETERS: ScryptParameters = { cost: 32_768, blockSize: 8, parallelism: 3 };
const SALT_SIZE_BYTES = 16;
const HASH_SIZE_BYTES = 32;
/** Several sign-ins at once must not take the memory of the runs. */
const AT_ONCE = 2;

/** The one place where a password is turned into a hash: tests count its work and make it cheap. */
export type DeriveKey = (password: string, salt: Buffer, parameters: ScryptParameters) => Promise<Buffer>;

const limit = pLimit(AT_ONCE);

/** scrypt off the event loop, a few at a time. */
const deriveKey: DeriveKey = (password, salt, { cost, blockSize, parallelism }) =>
  limit(
    () =>
      new Promise((resolve, reject) => {
        const options = { N: cost, r: blockSize, p: parallelism, maxmem: 256 * cost * blockSize };
        // The same password typed on another system may come composed of other code points.
        scrypt(password.normalize('NFKC'), salt, HASH_SIZE_BYTES, options, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );

/** Hashes and compares passwords. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Without a stored hash the same work is done, and the answer is no. */
  matches(password: string, stored: string | undefined): Promise<boolean>;
}

export function passwordHasher(
  derive: DeriveKey = deriveKey,
  parameters: ScryptParameters = SCRYPT_PARAMETERS,
): PasswordHasher {
  const decoy = { parameters, salt: randomBytes(SALT_SIZE_BYTES), hash: randomBytes(HASH_SIZE_BYTES) };
  return {
    hash: async (password) => {
      const salt = randomBytes(SALT_SIZE_BYTES);
      const { cost, blockSize, parallelism } = parameters;
      const hash = await derive(password, salt, parameters);
      return [
        'scrypt',
        cost,
        blockSize,
        parallelism,
        salt.toString('base64url'),
        hash.toString('base64url'),
      ].join('$');
    },
    matches: async (password, stored) => {
      const known = stored === undefined ? undefined : parsed(stored);
      const against = known ?? decoy;
      const hash = await derive(password, against.salt, against.parameters);
      return timingSafeEqual(hash, against.hash) && known !== undefined;
    },
  };
}

function parsed(stored: string): { parameters: ScryptParameters; salt: Buffer; hash: Buffer } | undefined {
  const [kind, cost, blockSize, parallelism, salt = '', hash = ''] = stored.split('$');
  const bytes = Buffer.from(hash, 'base64url');
  if (kind !== 'scrypt' || bytes.length !== HASH_SIZE_BYTES) return undefined;
  return {
    parameters: { cost: Number(cost), blockSize: Number(blockSize), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64url'),
    hash: bytes,
  };
}

const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD = 128;
/** Passwords that may not come back. */
export const REMEMBERED_PASSWORDS = 5;
const KINDS = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u];
/** Beginnings of what people take first; twelve characters leave few others of the well-known lists. */
const WELL_KNOWN = [
  'password',
  'qwerty',
  'admin',
  'arbdata',
  'letmein',
  'welcome',
  '123456',
  'abc123',
  '1qaz2wsx',
  'woaini',
  'beijing',
];

/** Why a password is not taken, as a Chinese sentence for the page; undefined where it is. */
export function passwordProblem(password: string, account: string): string | undefined {
  const text = password.normalize('NFKC');
  const length = Array.from(text).length;
  if (length < SHORTEST_PASSWORD) return `口令至少${SHORTEST_PASSWORD}个字符`;
  if (length > LONGEST_PASSWORD) return `口令至多${LONGEST_PASSWORD}个字符`;
  if (/\p{Cc}/u.test(text)) return '口令不得含控制字符';
  if (KINDS.filter((kind) => kind.test(text)).length < 3)
    return '口令须含大写字母、小写字母、数字、其他字符中的三类';
  const folded = text.toLowerCase();
  if (folded.includes(account)) return '口令不得含账号名';
  if (WELL_KNOWN.some((word) => folded.startsWith(word))) return '口令过于常见';
  if (/(.)\1\1\1/u.test(text) || new Set(text).size < 6) return '口令的字符过于重复';
  return undefined;
}

/** No `0O1lI`: it is read from a screen and typed once. */
const LEGIBLE = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Random text that can be read out, in groups: `kT7m-…`, 5.8 bits a character. */
export function legibleSecret(groups: number, size = 4): string {
  const group = (): string => Array.from({ length: size }, () => LEGIBLE[randomInt(LEGIBLE.length)]).join('');
  return Array.from({ length: groups }, group).join('-');
}
