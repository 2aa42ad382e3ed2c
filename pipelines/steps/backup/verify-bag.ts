/** Holding a bag against what it must be: every file of it named that is missing, added or not as it was. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { type BackupFile, backupFileSchema } from '../../../schemas/backup.ts';
import type { HashPool } from '../../runtime/hashing.ts';
import {
  ALGORITHMS,
  type Algorithm,
  BACKUP_FILE,
  BAGIT_FILE,
  BAGIT_TXT,
  LISTED_TAG_FILES,
  type Manifest,
  manifestFile,
  PAYLOAD_FOLDER,
  parseManifest,
  TAG_FILES,
  tagManifestFile,
} from './bag-format.ts';
import { type BagEntry, listBag } from './read-bag.ts';

const FILES_AT_ONCE = 4;

/** `gone`: the whole bag. `other`: it is a whole bag, but not the one that must be here. */
export type FaultKind = 'gone' | 'other' | 'missing' | 'added' | 'size' | 'altered' | 'unreadable';

export interface BagFault {
  readonly kind: FaultKind;
  /** Within the bag; empty for the bag as a whole. */
  readonly path: string;
  /** One English sentence. */
  readonly message: string;
}

/** What is known of a bag outside of it. */
export interface ExpectedBag {
  readonly id: string;
  readonly tagmanifestSha256: string;
  readonly tagmanifestSm3: string;
}

export interface VerifyOptions {
  /** `quick`: the sealing files byte by byte, presence and size of the payload; `full`: every byte. */
  readonly depth: 'quick' | 'full';
  /** Absent for a bag that no catalogue knows: then it is held against itself alone. */
  readonly expected?: ExpectedBag | undefined;
  readonly pool: HashPool;
  readonly onBytes?: (sizeBytes: number) => void;
}

/** Verify a bag; the faults, empty where it is whole. */
export async function verifyBag(dir: string, options: VerifyOptions): Promise<BagFault[]> {
  const entries = await listBag(dir);
  if (entries === undefined) return [fault('gone', '', `${dir} is gone`)];
  const tags = await readTags(dir, entries);
  const other = otherFaults(tags, options.expected);
  const expected = other.length === 0 ? options.expected : undefined;
  const faults = [...other, ...tagFaults(tags, entries, expected), ...strayFaults(entries)];
  const damaged = new Set(faults.map(({ path: name }) => name));
  const payload = expectedPayload(tags, damaged);
  faults.push(...payloadFaults(entries, payload));
  if (options.depth === 'full') faults.push(...(await byteFaults(dir, entries, payload, options)));
  return faults;
}

const fault = (kind: FaultKind, file: string, message: string): BagFault => ({ kind, path: file, message });

/** A bag under the name of another: it is then held against itself, so that what is wrong besides is named, too. */
function otherFaults(tags: Tags, expected: ExpectedBag | undefined): BagFault[] {
  const text = tags.get(BACKUP_FILE)?.toString('utf8');
  if (expected === undefined || text === undefined) return [];
  const claimed = attempt(() => backupFileSchema.parse(JSON.parse(text)))?.id;
  if (claimed === undefined || claimed === expected.id) return [];
  return [fault('other', '', `this is backup ${claimed}, not ${expected.id}`)];
}

/** The sealing files as they lie there: small, read whole. */
type Tags = ReadonlyMap<string, Buffer | undefined>;

async function readTags(dir: string, entries: ReadonlyMap<string, BagEntry>): Promise<Tags> {
  const tags = new Map<string, Buffer | undefined>();
  for (const name of TAG_FILES) {
    if (entries.get(name)?.isFile !== true) continue;
    tags.set(name, await readFile(path.join(dir, name)).catch(() => undefined));
  }
  return tags;
}

/** Sealing files that are missing, unreadable or altered. */
function tagFaults(
  tags: Tags,
  entries: ReadonlyMap<string, BagEntry>,
  expected: ExpectedBag | undefined,
): BagFault[] {
  const faults: BagFault[] = [];
  for (const name of TAG_FILES) {
    if (!entries.has(name)) faults.push(fault('missing', name, `${name} is missing`));
    else if (tags.get(name) === undefined) faults.push(fault('unreadable', name, `${name} cannot be read`));
  }
  const seals = ALGORITHMS.map((algorithm) => sealOf(tags, algorithm, expected));
  for (const { name, problem } of seals)
    if (problem !== undefined) faults.push(fault('altered', name, problem));
  const trusted = seals.filter(({ manifest }) => manifest !== undefined);
  for (const name of LISTED_TAG_FILES) {
    const bytes = tags.get(name);
    if (bytes === undefined) continue;
    const wrong = trusted.filter(
      ({ algorithm, manifest }) => manifest?.get(name) !== hashOf(algorithm, bytes),
    );
    if (wrong.length === 0) continue;
    // Two seals agree that it was altered; where they disagree, the seal is what was altered.
    if (wrong.length === trusted.length) faults.push(fault('altered', name, `${name} was altered`));
    else for (const one of wrong) faults.push(fault('altered', one.name, `${one.name} was altered`));
  }
  if (tags.get(BAGIT_FILE)?.toString('utf8') !== BAGIT_TXT && tags.get(BAGIT_FILE) !== undefined) {
    faults.push(fault('altered', BAGIT_FILE, `${BAGIT_FILE} was altered`));
  }
  return onePerFile(faults);
}

interface Seal {
  readonly name: string;
  readonly algorithm: Algorithm;
  /** Undefined where it cannot be trusted. */
  readonly manifest: Manifest | undefined;
  readonly problem: string | undefined;
}

/** A tag manifest, where it is the one that was written. */
function sealOf(tags: Tags, algorithm: Algorithm, expected: ExpectedBag | undefined): Seal {
  const name = tagManifestFile(algorithm);
  const bytes = tags.get(name);
  const without = { name, algorithm, manifest: undefined };
  if (bytes === undefined) return { ...without, problem: undefined };
  const wanted = algorithm === 'sha256' ? expected?.tagmanifestSha256 : expected?.tagmanifestSm3;
  if (wanted !== undefined && hashOf('sha256', bytes) !== wanted)
    return { ...without, problem: `${name} is not the one that was recorded` };
  try {
    const manifest = parseManifest(bytes.toString('utf8'));
    const isWhole =
      manifest.size === LISTED_TAG_FILES.length && LISTED_TAG_FILES.every((one) => manifest.has(one));
    return isWhole
      ? { name, algorithm, manifest, problem: undefined }
      : { ...without, problem: `${name} does not list the tag files` };
  } catch (error) {
    return { ...without, problem: `${name}: ${error instanceof Error ? error.message : 'not readable'}` };
  }
}

const hashOf = (algorithm: Algorithm, bytes: Buffer): string =>
  createHash(algorithm).update(bytes).digest('hex');

const onePerFile = (faults: readonly BagFault[]): BagFault[] => [
  ...new Map(faults.toReversed().map((one) => [one.path, one] as const)).values(),
];

/** What lies beside the payload and is no tag file, and what is no file at all. */
function strayFaults(entries: ReadonlyMap<string, BagEntry>): BagFault[] {
  return [...entries].flatMap(([name, { isFile }]) => {
    if (!isFile) return [fault('added', name, `${name} is no file`)];
    const isKnown = TAG_FILES.includes(name) || name.startsWith(`${PAYLOAD_FOLDER}/`);
    return isKnown ? [] : [fault('added', name, `${name} does not belong to it`)];
  });
}

/** The payload that there must be, by what can still be trusted of the sealing files. */
interface ExpectedPayload {
  readonly manifests: ReadonlyMap<Algorithm, Manifest>;
  readonly backup: BackupFile | undefined;
  readonly sizes: ReadonlyMap<string, number>;
}

function expectedPayload(tags: Tags, damaged: ReadonlySet<string>): ExpectedPayload {
  const usable = (name: string): string | undefined =>
    damaged.has(name) ? undefined : tags.get(name)?.toString('utf8');
  const manifests = new Map<Algorithm, Manifest>();
  for (const algorithm of ALGORITHMS) {
    const text = usable(manifestFile(algorithm));
    const manifest = text === undefined ? undefined : attempt(() => parseManifest(text));
    if (manifest !== undefined) manifests.set(algorithm, manifest);
  }
  const text = usable(BACKUP_FILE);
  const backup = text === undefined ? undefined : attempt(() => backupFileSchema.parse(JSON.parse(text)));
  const sizes = new Map(backup?.files.map((one) => [one.path, one.sizeBytes]));
  return { manifests, backup, sizes };
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Presence and size. */
function payloadFaults(entries: ReadonlyMap<string, BagEntry>, payload: ExpectedPayload): BagFault[] {
  const listed = new Set([
    ...payload.sizes.keys(),
    ...[...payload.manifests.values()].flatMap((manifest) => [...manifest.keys()]),
  ]);
  if (listed.size === 0 && payload.manifests.size === 0) return [];
  const faults: BagFault[] = [];
  for (const name of [...listed].sort()) {
    const found = entries.get(name);
    const size = payload.sizes.get(name);
    if (found === undefined) faults.push(fault('missing', name, `${name} is missing`));
    else if (found.isFile && size !== undefined && found.sizeBytes !== size) {
      faults.push(fault('size', name, `${name} has ${found.sizeBytes} bytes instead of ${size}`));
    }
  }
  for (const [name, { isFile }] of entries) {
    if (!isFile || !name.startsWith(`${PAYLOAD_FOLDER}/`) || listed.has(name)) continue;
    faults.push(fault('added', name, `${name} does not belong to it`));
  }
  return faults;
}

/** Every byte of the payload that has the right size. */
async function byteFaults(
  dir: string,
  entries: ReadonlyMap<string, BagEntry>,
  { manifests, sizes }: ExpectedPayload,
  { pool, onBytes }: VerifyOptions,
): Promise<BagFault[]> {
  const limit = pLimit(FILES_AT_ONCE);
  const names = new Set([...manifests.values()].flatMap((manifest) => [...manifest.keys()]));
  const looks = [...names].sort().map((name) =>
    limit(async (): Promise<BagFault[]> => {
      const entry = entries.get(name);
      const size = sizes.get(name);
      if (entry?.isFile !== true || (size !== undefined && size !== entry.sizeBytes)) return [];
      const found = await pool.hash(path.join(dir, ...name.split('/'))).catch(() => undefined);
      if (found === undefined) return [fault('unreadable', name, `${name} cannot be read`)];
      onBytes?.(found.sizeBytes);
      const isSame = [...manifests].every(([algorithm, manifest]) => manifest.get(name) === found[algorithm]);
      return isSame ? [] : [fault('altered', name, `${name} was altered`)];
    }),
  );
  return (await Promise.all(looks)).flat();
}
