/** BagIt 1.0 (RFC 8493) as text: the tag files that are written, and reading them back. Nothing here touches a disk. */

/** Exactly two lines, no byte order mark. */
export const BAGIT_TXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';
export const BAGIT_FILE = 'bagit.txt';
export const BAG_INFO_FILE = 'bag-info.txt';
export const BACKUP_FILE = 'backup.json';
export const PAYLOAD_FOLDER = 'data';
export const ALGORITHMS = ['sha256', 'sm3'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const manifestFile = (algorithm: Algorithm): string => `manifest-${algorithm}.txt`;
export const tagManifestFile = (algorithm: Algorithm): string => `tagmanifest-${algorithm}.txt`;

/** The tag files that tag manifests list: every one but the tag manifests. */
export const LISTED_TAG_FILES: readonly string[] = [
  BACKUP_FILE,
  BAG_INFO_FILE,
  BAGIT_FILE,
  ...ALGORITHMS.map(manifestFile),
];
export const TAG_FILES: readonly string[] = [...LISTED_TAG_FILES, ...ALGORITHMS.map(tagManifestFile)];

/** From a path within the bag (`/` as separator) to its hash in lower-case hexadecimal. */
export type Manifest = ReadonlyMap<string, string>;

/** A manifest, by path in the order of its bytes: the same files give the same text. */
export function manifestText(entries: Manifest): string {
  return [...entries]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([path, hash]) => `${hash}  ${encodePath(path)}\n`)
    .join('');
}

/** What a line of a manifest cannot hold is percent-encoded, and nothing else (RFC 8493, 2.1.3). */
function encodePath(path: string): string {
  return path.replaceAll(/[\n\r%]/g, (character) =>
    character === '%' ? '%25' : character === '\n' ? '%0A' : '%0D',
  );
}

/**
 * Read a manifest.
 * @throws {Error} with a sentence that names the line, for what no manifest of a bag is
 */
export function parseManifest(text: string): Manifest {
  const entries = new Map<string, string>();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('its last line does not end');
  for (const [index, line] of lines.entries()) {
    const found = /^([0-9a-f]{64}) {2}(.+)$/su.exec(line);
    const path = found?.[2] === undefined ? undefined : decodePath(found[2]);
    if (found?.[1] === undefined || path === undefined || !isSafePath(path))
      throw new Error(`line ${index + 1} is not a hash and a path`);
    if (entries.has(path)) throw new Error(`line ${index + 1} lists a file a second time`);
    entries.set(path, found[1]);
  }
  return entries;
}

function decodePath(text: string): string {
  return text.replaceAll(/%(0A|0D|25)/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether a path stays inside of the folder that it counts from. */
export function isSafePath(path: string): boolean {
  return (
    path !== '' &&
    !path.includes('\0') &&
    !path.includes('\\') &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** `bag-info.txt`: labels may repeat; a value is one line. */
export function bagInfoText(entries: readonly (readonly [label: string, value: string])[]): string {
  return entries.map(([label, value]) => `${label}: ${value.replaceAll(/\s*[\r\n]+\s*/g, ' ')}\n`).join('');
}
