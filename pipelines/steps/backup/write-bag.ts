/** Writing a bag: payload first, hashed as it lies in the bag, then the files that seal it, the tag manifests last. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import pLimit from 'p-limit';
import {
  type BackupFile,
  type BackupInfo,
  type BackupKind,
  backupFileSchema,
} from '../../../schemas/backup.ts';
import { encryptStream, type Recipient } from '../../runtime/encryption.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { ensureDir, writeFileAtomic, writeStreamAtomic } from '../../runtime/files.ts';
import type { FileHashes, HashPool } from '../../runtime/hashing.ts';
import { TOOL_VERSION } from '../../runtime/project.ts';
import {
  ALGORITHMS,
  BACKUP_FILE,
  BAG_INFO_FILE,
  BAGIT_FILE,
  BAGIT_TXT,
  bagInfoText,
  LISTED_TAG_FILES,
  manifestFile,
  manifestText,
  PAYLOAD_FOLDER,
  tagManifestFile,
} from './bag-format.ts';

/** Files on their way at the same time: while one is copied, the ones before are hashed. */
const FILES_AT_ONCE = 4;
const READ_SIZE_BYTES = 256 * 1024;
/** The suffix of an encrypted payload file. */
export const ENCRYPTED_SUFFIX = '.age';

/** A file of the payload: copied from somewhere, or a text that is made for the bag. */
export interface PayloadFile {
  /** Below `data/`, `/` as separator. */
  readonly path: string;
  readonly from: { readonly file: string; readonly sha256?: string } | { readonly text: string };
}

export interface BagSpec {
  readonly id: string;
  readonly kind: BackupKind;
  /** `YYYY-MM-DD HH:MM:SS.mmm` in Asia/Shanghai. */
  readonly createdAt: string;
  readonly info: BackupInfo;
  /** None: the payload is not encrypted. */
  readonly recipients: readonly Recipient[];
  readonly payload: readonly PayloadFile[];
}

/** What the ledger keeps of a bag: with it, no byte of the bag can change unseen. */
export interface BagSeal {
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly tagmanifestSha256: string;
  readonly tagmanifestSm3: string;
}

/**
 * Write a bag into an empty folder. What is hashed is what stands in the bag, and where it is known which bytes a
 * file must have, it is compared with that.
 * @param onBytes told of every payload file that is there, with its size
 * @throws {ArbdataError} E_ARTEFACT_DAMAGED where a source has other bytes than recorded; E_DISK_FULL, E_HOME, E_KEY
 */
export async function writeBag(
  dir: string,
  spec: BagSpec,
  pool: HashPool,
  onBytes: (sizeBytes: number) => void = () => undefined,
): Promise<BagSeal> {
  const limit = pLimit(FILES_AT_ONCE);
  const root = path.join(dir, PAYLOAD_FOLDER);
  ensureDir(root);
  const written = new Map<string, FileHashes>();
  const work = spec.payload.map((one) =>
    limit(async () => {
      const name = spec.recipients.length === 0 ? one.path : `${one.path}${ENCRYPTED_SUFFIX}`;
      const target = path.join(root, ...name.split('/'));
      ensureDir(path.dirname(target));
      const hashes = await placeFile(one, target, spec.recipients, pool);
      written.set(`${PAYLOAD_FOLDER}/${name}`, hashes);
      onBytes(hashes.sizeBytes);
    }),
  );
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return seal(dir, spec, written);
}

/** Put one file of the payload in place and hash it there, while it goes to the disk. */
async function placeFile(
  { path: name, from }: PayloadFile,
  target: string,
  recipients: readonly Recipient[],
  pool: HashPool,
): Promise<FileHashes> {
  const expected = 'file' in from ? from.sha256 : undefined;
  if (recipients.length > 0) {
    const plain = createHash('sha256');
    await writeStreamAtomic(target, encryptStream(tapped(from, plain), recipients));
    refuseOther(name, from, expected, plain.digest('hex'));
    return pool.hash(target);
  }
  if ('text' in from) {
    await writeFileAtomic(target, from.text);
    return pool.hash(target);
  }
  // Never a hard link: what is damaged in the home must not be damaged in the bag.
  const hashes = await pool.copy(from.file, target);
  refuseOther(name, from, expected, hashes.sha256);
  return hashes;
}

async function* tapped(
  from: PayloadFile['from'],
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  const chunks =
    'text' in from
      ? [Buffer.from(from.text)]
      : createReadStream(from.file, { highWaterMark: READ_SIZE_BYTES });
  for await (const chunk of chunks) {
    hash.update(chunk as Uint8Array);
    yield chunk as Uint8Array;
  }
}

function refuseOther(
  name: string,
  from: PayloadFile['from'],
  expected: string | undefined,
  found: string,
): void {
  if (expected === undefined || expected === found) return;
  const file = 'file' in from ? from.file : name;
  throw new ArbdataError('E_ARTEFACT_DAMAGED', `${file} does not have the bytes that were recorded`, {
    advice: 'Restore it from an earlier backup; a damaged file is not backed up as if it were whole.',
    where: { file },
  });
}

async function seal(dir: string, spec: BagSpec, written: ReadonlyMap<string, FileHashes>): Promise<BagSeal> {
  const sizeBytes = [...written.values()].reduce((sum, one) => sum + one.sizeBytes, 0);
  const texts = new Map([
    [BAGIT_FILE, BAGIT_TXT],
    [BACKUP_FILE, backupText(spec, written)],
    [BAG_INFO_FILE, bagInfoText(infoLines(spec, { files: written.size, sizeBytes }))],
    ...ALGORITHMS.map(
      (algorithm) =>
        [
          manifestFile(algorithm),
          manifestText(new Map([...written].map(([file, hashes]) => [file, hashes[algorithm]]))),
        ] as const,
    ),
  ]);
  for (const [name, text] of texts) await writeFileAtomic(path.join(dir, name), text);
  const seals = new Map<string, string>();
  for (const algorithm of ALGORITHMS) {
    const hashOf = (text: string) => createHash(algorithm).update(text).digest('hex');
    const text = manifestText(new Map(LISTED_TAG_FILES.map((name) => [name, hashOf(texts.get(name) ?? '')])));
    await writeFileAtomic(path.join(dir, tagManifestFile(algorithm)), text);
    seals.set(algorithm, createHash('sha256').update(text).digest('hex'));
  }
  return {
    fileCount: written.size,
    sizeBytes,
    tagmanifestSha256: seals.get('sha256') ?? '',
    tagmanifestSm3: seals.get('sm3') ?? '',
  };
}

const encryptionOf = ({ recipients }: BagSpec): BackupFile['encryption'] =>
  recipients.length === 0 ? null : { format: 'age-encryption.org/v1', recipients: [...recipients] };

function backupText(spec: BagSpec, written: ReadonlyMap<string, FileHashes>): string {
  const { id, kind, createdAt, info } = spec;
  const content: BackupFile = {
    formatVersion: 1,
    id,
    kind,
    createdAt,
    toolVersion: TOOL_VERSION,
    encryption: encryptionOf(spec),
    info,
    files: [...written]
      .map(([file, { sizeBytes }]) => ({ path: file, sizeBytes }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  return `${JSON.stringify(backupFileSchema.parse(content), null, 2)}\n`;
}

/** For people and for other readers of BagIt. */
function infoLines(
  spec: BagSpec,
  { files, sizeBytes }: { readonly files: number; readonly sizeBytes: number },
): (readonly [string, string])[] {
  const { id, kind, createdAt, info } = spec;
  const { source, scn, asOf, period, rows = {}, snapshots = [], publications = [], without = [] } = info;
  const one = (label: string, value: string | undefined) =>
    value === undefined ? [] : [[label, value] as const];
  return [
    ['Bag-Software-Agent', `arbdata ${TOOL_VERSION}`],
    ['Bagging-Date', createdAt.slice(0, 10)],
    ['Bag-Size', `${(sizeBytes / 1e6).toFixed(1)} MB`],
    ['Payload-Oxum', `${sizeBytes}.${files}`],
    ['External-Identifier', id],
    ['Internal-Sender-Description', `backup of kind ${kind}`],
    ['Arbdata-Kind', kind],
    ['Arbdata-Created-At', `${createdAt} Asia/Shanghai`],
    ...one('Arbdata-Source', source),
    ...one('Arbdata-SCN', scn),
    ...one('Arbdata-As-Of', asOf),
    ...one('Arbdata-Period', period),
    ...snapshots.map((snapshot) => ['Arbdata-Snapshot', snapshot] as const),
    ...publications.map((publication) => ['Arbdata-Publication', publication] as const),
    ...Object.entries(rows).map(([view, count]) => ['Arbdata-Rows', `${view} ${count}`] as const),
    ...without.map((text) => ['Arbdata-Without', text] as const),
    ['Arbdata-Encryption', spec.recipients.length === 0 ? 'none' : 'age-encryption.org/v1'],
    ...spec.recipients.map((recipient) => ['Arbdata-Recipient', recipient] as const),
  ];
}
