/** The second factor: time-based one-time codes (RFC 6238: HMAC-SHA-1, 30 s, six digits, as every app knows them). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const STEP_MS = 30_000;
const DIGITS = 6;
const SECRET_SIZE_BYTES = 20;
/** A clock may be one step behind or ahead. */
const SKEW_STEPS = 1;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_SIZE_BYTES);
}

/** The code of a time step. */
export function totpCode(secret: Buffer, step: number, digits: number = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

export const totpStep = (nowMs: number): number => Math.floor(nowMs / STEP_MS);

/**
 * The time step that a code belongs to; undefined where it fits none. A code works once: a step that was used, and
 * every one before it, is over.
 */
export function matchingStep(
  secret: Buffer,
  code: string,
  when: { readonly nowMs: number; readonly usedStep: number },
): number | undefined {
  const now = totpStep(when.nowMs);
  const given = Buffer.from(code.padEnd(DIGITS).slice(0, DIGITS));
  let found: number | undefined;
  // Every step is compared, whichever fits.
  for (let step = now - SKEW_STEPS; step <= now + SKEW_STEPS; step += 1) {
    const expected = Buffer.from(totpCode(secret, step));
    const fits = given.length === expected.length && timingSafeEqual(given, expected);
    if (fits && code.length === DIGITS && step > when.usedStep) found ??= step;
  }
  return found;
}

/** RFC 4648 without padding: what is typed into an app. */
export function base32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}

/** What the QR code of an app holds. */
export function totpUri(secret: Buffer, account: string): string {
  return `otpauth://totp/arbdata:${account}?secret=${base32(secret)}&issuer=arbdata&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`;
}
