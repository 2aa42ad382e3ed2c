/** HMAC-SM3 (GB/T 32905-2016, RFC 2104) of identity numbers under a key that only this house has. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Policy } from '../../../schemas/submission.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { type Home, homeSecret } from '../../runtime/home.ts';
import { secretFrom } from '../../runtime/secrets.ts';

const KEY_VARIABLE = 'ARBDATA_IDENTITY_KEY';
const SMALLEST_KEY_BYTES = 16;
const SLICE_ROWS = 16_384;

/**
 * The key: of ARBDATA_IDENTITY_KEY or ARBDATA_IDENTITY_KEY_FILE (hexadecimal), else derived from the home's secret.
 * @throws {ArbdataError} E_CONFIG where it is not hexadecimal or shorter than 16 bytes
 */
export function identityKey(home: Home, environment: NodeJS.ProcessEnv): Buffer {
  const given = secretFrom(environment, KEY_VARIABLE)?.reveal();
  if (given === undefined) return createHmac('sm3', homeSecret(home)).update('identity numbers').digest();
  if (/^(?:[0-9a-f]{2})+$/i.test(given) && given.length >= 2 * SMALLEST_KEY_BYTES)
    return Buffer.from(given, 'hex');
  throw new ArbdataError(
    'E_CONFIG',
    `${KEY_VARIABLE} is not a hexadecimal key of at least ${SMALLEST_KEY_BYTES} bytes`,
    {
      advice: 'Make one with: openssl rand -hex 32; and keep it: with another key every record changes.',
    },
  );
}

/** HMAC-SM3 of a number, 64 hexadecimal digits. */
function identityHash(key: KeyObject, number: string): string {
  return createHmac('sm3', key).update(number, 'utf8').digest('hex');
}

/** Create `identity_hash(id_no, hash)` of the distinct numbers that a SELECT of one column `id_no` gives. */
export async function createIdentityHashes(engine: Engine, key: Buffer, numbers: string): Promise<void> {
  await engine.run('CREATE OR REPLACE TEMP TABLE identity_hash (id_no VARCHAR, hash VARCHAR)');
  const prepared = createSecretKey(key);
  let slice: [string, string][] = [];
  for await (const rows of engine.stream<{ id_no: string }>(numbers)) {
    for (const { id_no } of rows) slice.push([id_no, identityHash(prepared, id_no)]);
    if (slice.length < SLICE_ROWS) continue;
    await engine.append('identity_hash', slice);
    slice = [];
  }
  await engine.append('identity_hash', slice);
}

/**
 * The key of fingerprints: the same record has another fingerprint under another policy or another key of identity
 * numbers, because the platform then holds something else of it.
 */
export function fingerprintKey(home: Home, policy: Policy, key: Buffer): Buffer {
  return createHmac('sha256', homeSecret(home))
    .update(policy)
    .update(policy === 'masked' ? key : '')
    .digest();
}
