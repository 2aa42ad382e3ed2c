/** Short secrets of the ledger: sealed with a key that is derived from the home's secret, or kept as hashes alone. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { ArbdataError } from './errors.ts';
import { type Home, homeSecret } from './home.ts';

const NONCE_SIZE_BYTES = 12;
const TAG_SIZE_BYTES = 16;
const TOKEN_SIZE_BYTES = 32;

/** A key for one purpose: none can be taken for another. */
export function derivedKey(home: Home, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', homeSecret(home), Buffer.alloc(0), `arbdata/${purpose}`, 32));
}

/** Encrypt and authenticate; `label` says whose it is, so that it cannot be moved to another. */
export function seal(key: Buffer, label: string, plain: Buffer): string {
  const nonce = randomBytes(NONCE_SIZE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(label));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** @throws ArbdataError E_HOME where it was sealed with another key or for another label */
export function unseal(key: Buffer, label: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url');
  const body = bytes.subarray(NONCE_SIZE_BYTES + TAG_SIZE_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_SIZE_BYTES), {
      authTagLength: TAG_SIZE_BYTES,
    })
      .setAAD(Buffer.from(label))
      .setAuthTag(bytes.subarray(NONCE_SIZE_BYTES, NONCE_SIZE_BYTES + TAG_SIZE_BYTES));
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (error) {
    throw new ArbdataError('E_HOME', `the secret of ${label} cannot be read with secret.key`, {
      advice: 'Restore the secret.key that belongs to this ledger, or reset the account.',
      cause: error,
    });
  }
}

/** 256 random bits as text. */
export function randomToken(): string {
  return randomBytes(TOKEN_SIZE_BYTES).toString('base64url');
}

/** How a random token is stored: it has entropy enough for a plain hash. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function keyedHash(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Compare without telling by the time how much was right. */
export function isSameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
