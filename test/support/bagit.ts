/**
 * A validator of BagIt 1.0, written from RFC 8493 and from nothing of the product. It knows no more than the RFC: what
 * makes a bag complete (section 3) and valid. Algorithms are those of Node's OpenSSL by their normalised names.
 */
import { createHash, getHashes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Everything that keeps a folder from being a valid bag; empty for a valid one. */
export function bagProblems(dir: string): string[] {
  const problems: string[] = [];
  const files = filesOf(dir);
  const text = (name: string): string => {
    const bytes = readFileSync(path.join(dir, name));
    let read: string;
    try {
      read = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      problems.push(`${name} is not UTF-8`);
      return '';
    }
    if (read.startsWith('\uFEFF')) problems.push(`${name} begins with a byte order mark`);
    return read;
  };
  // 2.1.1: exactly two lines, in this order.
  if (!files.has('bagit.txt')) return ['there is no bagit.txt'];
  const declaration = text('bagit.txt').split(/\r\n|\r|\n/);
  if (declaration.at(-1) === '') declaration.pop();
  const [version = '', encoding = '', ...more] = declaration;
  if (version !== 'BagIt-Version: 1.0') problems.push(`bagit.txt: ${version}`);
  if (encoding !== 'Tag-File-Character-Encoding: UTF-8') problems.push(`bagit.txt: ${encoding}`);
  if (more.length > 0) problems.push('bagit.txt has more than two lines');

  // 2.1.2 to 2.1.3: payload in data/, at least one payload manifest, and each lists every payload file.
  if (!isFolder(path.join(dir, 'data'))) problems.push('there is no folder data/');
  const payload = [...files].filter((name) => name.startsWith('data/'));
  const manifests = [...files].filter((name) => /^manifest-[a-z0-9]+\.txt$/.test(name));
  if (manifests.length === 0) problems.push('there is no payload manifest');
  for (const name of manifests) {
    const entries = manifestOf(name, text(name), problems);
    for (const one of payload) if (!entries.has(one)) problems.push(`${name} does not list ${one}`);
    for (const one of entries.keys()) {
      if (!one.startsWith('data/')) problems.push(`${name} lists ${one}, which is no payload`);
    }
    problems.push(...hashProblems(dir, name, entries, files));
  }
  // 2.2.1: a tag manifest lists every payload manifest and no tag manifest.
  for (const name of [...files].filter((one) => /^tagmanifest-[a-z0-9]+\.txt$/.test(one))) {
    const entries = manifestOf(name, text(name), problems);
    for (const one of manifests) if (!entries.has(one)) problems.push(`${name} does not list ${one}`);
    for (const one of entries.keys()) {
      if (/^tagmanifest-/.test(one)) problems.push(`${name} lists the tag manifest ${one}`);
      if (one.startsWith('data/')) problems.push(`${name} lists the payload file ${one}`);
    }
    problems.push(...hashProblems(dir, name, entries, files));
  }
  if (files.has('bag-info.txt')) problems.push(...infoProblems(dir, text('bag-info.txt'), payload));
  if (files.has('fetch.txt')) problems.push('fetch.txt: a backup is complete without a network');
  return problems;
}

function filesOf(dir: string): Set<string> {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true });
  return new Set(
    names
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')),
  );
}

const isFolder = (dir: string): boolean => lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;

/** `checksum`, one or more linear white spaces, `filepath`; LF, CR and % are percent-encoded. */
function manifestOf(name: string, text: string, problems: string[]): Map<string, string> {
  const entries = new Map<string, string>();
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const found = /^([0-9a-fA-F]+)[ \t]+\*?(.+)$/s.exec(line);
    if (found === null) {
      problems.push(`${name}: ${JSON.stringify(line)} is no entry`);
      continue;
    }
    const file = (found[2] ?? '').replaceAll(/%(0[aAdD]|25)/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    if (/(^|\/)\.\.?(\/|$)|^\/|^~|\\/.test(file)) problems.push(`${name}: ${file} leads out of the bag`);
    if (entries.has(file)) problems.push(`${name} lists ${file} twice`);
    entries.set(file, (found[1] ?? '').toLowerCase());
  }
  return entries;
}

function hashProblems(
  dir: string,
  manifest: string,
  entries: ReadonlyMap<string, string>,
  files: ReadonlySet<string>,
): string[] {
  const algorithm = /-([a-z0-9]+)\.txt$/.exec(manifest)?.[1] ?? '';
  if (!getHashes().includes(algorithm)) return [`${manifest}: ${algorithm} is not known here`];
  return [...entries].flatMap(([file, hash]) => {
    if (!files.has(file)) return [`${manifest}: ${file} is missing`];
    const found = createHash(algorithm)
      .update(readFileSync(path.join(dir, ...file.split('/'))))
      .digest('hex');
    return found === hash ? [] : [`${manifest}: ${file} has another checksum`];
  });
}

/** 2.2.2: `label: value`, continued by an indented line; Payload-Oxum is octets and streams. */
function infoProblems(dir: string, text: string, payload: readonly string[]): string[] {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '');
  const wrong = lines.filter((line) => !/^[^\s:][^:]*:[ \t]?.*$|^[ \t]+\S/.test(line));
  const oxums = lines.flatMap((line) => /^payload-oxum:\s*(\S+)$/i.exec(line)?.[1] ?? []);
  const octets = payload.reduce((sum, name) => sum + lstatSync(path.join(dir, ...name.split('/'))).size, 0);
  return [
    ...wrong.map((line) => `bag-info.txt: ${JSON.stringify(line)} is no entry`),
    ...oxums
      .filter((oxum) => oxum !== `${octets}.${payload.length}`)
      .map((oxum) => `Payload-Oxum is ${oxum}`),
    ...(oxums.length > 1 ? ['Payload-Oxum stands more than once'] : []),
  ];
}
