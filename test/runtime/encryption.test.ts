/** Encryption to public keys: what goes in comes out or nothing does, and Debian's `age` reads and writes the same. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { generateHybridIdentity, generateX25519Identity } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkRecipients,
  decryptFile,
  decryptStream,
  encryptFile,
  encryptStream,
  Identity,
  readIdentities,
  readRecipients,
} from '../../pipelines/runtime/encryption.ts';
import { errorOf, temporaryDir } from './support/home.ts';

const hasAge = (): boolean => {
  try {
    execFileSync('age', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

async function keyPair(make: () => Promise<string> = generateX25519Identity) {
  const identity = new Identity(await make());
  return { identity, recipient: await identity.recipient() };
}

/** Files of a folder of their own. */
async function files(content: Uint8Array) {
  const dir = await temporaryDir();
  const at = (name: string) => path.join(dir, name);
  await writeFile(at('plain'), content);
  return { dir, at };
}

test.each([0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_000])('%i bytes come back', async (size) => {
  const content = randomBytes(size);
  const { dir, at } = await files(content);
  const { identity, recipient } = await keyPair();
  await encryptFile(at('plain'), at('plain.age'), [recipient]);
  await decryptFile(at('plain.age'), at('again'), [identity]);
  expect(content.equals(await readFile(at('again')))).toBe(true);
  expect((await stat(at('again'))).mode & 0o777).toBe(0o600);
  expect((await readdir(dir)).sort()).toEqual(['again', 'plain', 'plain.age']);
});

test('any of several recipients opens it, also one against future computers; a stranger does not', async () => {
  const { at } = await files(Buffer.from('待核查'));
  const pairs = [await keyPair(), await keyPair(generateHybridIdentity)];
  const stranger = await keyPair();
  await encryptFile(
    at('plain'),
    at('c.age'),
    pairs.map(({ recipient }) => recipient),
  );
  for (const { identity } of pairs) {
    await decryptFile(at('c.age'), at('again'), [stranger.identity, identity]);
    expect(await readFile(at('again'), 'utf8')).toBe('待核查');
  }
  const error = await errorOf(() => decryptFile(at('c.age'), at('none'), [stranger.identity]));
  expect(error).toMatchObject({ code: 'E_KEY', message: `none of the private keys opens ${at('c.age')}` });
  expect(existsSync(at('none'))).toBe(false);
});

test('a stream goes through without a file', async () => {
  const content = randomBytes(300_000);
  const { identity, recipient } = await keyPair();
  const pieces = Readable.from([content.subarray(0, 7), content.subarray(7)]);
  const encrypted = encryptStream(pieces, [recipient]);
  const again: Uint8Array[] = [];
  for await (const piece of decryptStream(encrypted, [identity], 'it')) again.push(piece);
  expect(Buffer.concat(again).equals(content)).toBe(true);
});

test('a flipped bit, a cut and an addition anywhere leave nothing behind', async () => {
  const { dir, at } = await files(randomBytes(150_000));
  const { identity, recipient } = await keyPair();
  await encryptFile(at('plain'), at('c.age'), [recipient]);
  const whole = await readFile(at('c.age'));
  const damage = fc.oneof(
    fc.nat(whole.length * 8 - 1).map((bit) => {
      const copy = Buffer.from(whole);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return copy;
    }),
    fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 70_000 }).map((more) => Buffer.concat([whole, more])),
  );
  await fc.assert(
    fc.asyncProperty(damage, async (bytes) => {
      await writeFile(at('damaged.age'), bytes);
      const error = await errorOf(() => decryptFile(at('damaged.age'), at('again'), [identity]));
      // A bit of the stanza that names the key makes it another's.
      expect(['E_DECRYPT', 'E_KEY']).toContain(error.code);
      expect(existsSync(at('again'))).toBe(false);
    }),
    { numRuns: 60, seed: 6 },
  );
  expect((await readdir(dir)).sort()).toEqual(['c.age', 'damaged.age', 'plain']);
});

describe('keys', () => {
  test('files with comments and empty lines', async () => {
    const { at } = await files(Buffer.of());
    const { identity, recipient } = await keyPair();
    await writeFile(at('keys'), `# the bureau's\r\n\r\n${recipient}\n${recipient}\n`);
    await writeFile(at('identity'), `# created: …\n${identity.reveal()}\n`, { mode: 0o600 });
    expect(readRecipients(at('keys'))).toEqual([recipient]);
    const [read] = await readIdentities(at('identity'));
    expect(await read?.recipient()).toBe(recipient);
    expect(JSON.stringify({ read })).toBe('{"read":"[hidden]"}');
  });

  test('what is wrong is said, and no private key with it', async () => {
    const { at } = await files(Buffer.of());
    const { identity, recipient } = await keyPair();
    const secret = identity.reveal();
    const wrong = [
      `${recipient.slice(0, -1)}q`,
      secret,
      secret.toLowerCase(),
      'age1',
      'ssh-ed25519 AAAA',
      '',
    ];
    for (const key of wrong) {
      const error = await errorOf(() => checkRecipients([recipient, key], 'config.json'));
      expect(error).toMatchObject({ code: 'E_KEY' });
      expect(error.message).toMatch(/^config\.json: key 2 is no public key of age/);
      expect(error.message.toUpperCase()).not.toContain(secret.slice(20));
    }
    const refusals: [string, string, number, RegExp][] = [
      ['open', `${secret}\n`, 0o640, /others than its owner \(mode 640\)/],
      ['empty', '# nothing\n', 0o600, /holds no private key/],
      ['public', `${recipient}\n`, 0o600, /key 1 is no private key/],
      ['cut', `${secret.slice(0, -3)}\n`, 0o600, /key 1 is no private key/],
    ];
    for (const [name, text, mode, message] of refusals) {
      await writeFile(at(name), text);
      await chmod(at(name), mode);
      const error = await errorOf(() => readIdentities(at(name)));
      expect(error).toMatchObject({ code: 'E_KEY', where: { file: at(name) } });
      expect(error.message).toMatch(message);
      expect(JSON.stringify([error.message, error.cause ?? null])).not.toContain(secret.slice(20, 50));
    }
    expect(await errorOf(() => readIdentities(at('absent')))).toMatchObject({ code: 'E_KEY' });
    const missing = await errorOf(() => encryptFile(at('absent'), at('x.age'), [recipient]));
    expect(missing).toMatchObject({ code: 'E_NOT_FOUND', where: { file: at('absent') } });
  });
});

describe.skipIf(!hasAge())("Debian's age", () => {
  test.each([0, 65_536, 200_001])('%i bytes, both ways', async (size) => {
    const content = randomBytes(size);
    const { at } = await files(content);
    execFileSync('age-keygen', ['-o', at('identity')], { stdio: 'ignore' });
    const [identity] = await readIdentities(at('identity'));
    const recipient = (await identity?.recipient()) ?? '';
    expect(execFileSync('age-keygen', ['-y', at('identity')], { encoding: 'utf8' }).trim()).toBe(recipient);
    await encryptFile(at('plain'), at('ours.age'), [recipient]);
    expect(execFileSync('age', ['-d', '-i', at('identity'), at('ours.age')]).equals(content)).toBe(true);
    execFileSync('age', ['-r', recipient, '-o', at('theirs.age'), at('plain')]);
    await decryptFile(at('theirs.age'), at('ours'), await readIdentities(at('identity')));
    expect(content.equals(await readFile(at('ours')))).toBe(true);
  });
});
