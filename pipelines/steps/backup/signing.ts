/** Signing a record with the home's own key: Ed25519, or SM2 where the bureau's key is one. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { ArbdataError } from '../../runtime/errors.ts';
import { fileError, writeFileAtomic } from '../../runtime/files.ts';

export type SignatureAlgorithm = 'Ed25519' | 'SM2 with SM3';

export interface Signer {
  readonly algorithm: SignatureAlgorithm;
  /** PEM. */
  readonly publicKey: string;
  /** The signature's bytes, as `openssl pkeyutl -verify -rawin` takes them. */
  sign(data: Buffer): Buffer;
}

/**
 * The key that signs: the configured one, else the home's own Ed25519 key, which is made at first use (0600).
 * @throws {ArbdataError} E_KEY where it is missing, open to others or of another kind
 */
export async function openSigner(configured: string | undefined, own: string): Promise<Signer> {
  const file = configured ?? own;
  if (configured === undefined && !existsSync(own)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFileAtomic(own, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const key = readKey(file);
  const algorithm = algorithmOf(key, file);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return { algorithm, publicKey, sign: (data) => sign(algorithm === 'Ed25519' ? null : 'sm3', data, key) };
}

function readKey(file: string): KeyObject {
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw keyError(file, `can be read by others than its owner (mode ${(mode & 0o777).toString(8)})`);
    }
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    const known = fileError(error, file);
    if (known instanceof ArbdataError) throw known;
    throw keyError(file, 'is no private key that can be read');
  }
}

/** An SM2 key has no name in Node.js; it tells by signing with SM3. */
function algorithmOf(key: KeyObject, file: string): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  try {
    if (key.asymmetricKeyType === undefined) {
      sign('sm3', Buffer.of(), key);
      return 'SM2 with SM3';
    }
  } catch {
    // Neither one nor the other.
  }
  throw keyError(file, 'is neither an Ed25519 nor an SM2 key');
}

function keyError(file: string, what: string): ArbdataError {
  return new ArbdataError('E_KEY', `${file} ${what}`, {
    advice:
      'Name a PEM file of mode 0600 with an Ed25519 or SM2 key in backup.signingKeyFile of config.json.',
    where: { file },
  });
}
