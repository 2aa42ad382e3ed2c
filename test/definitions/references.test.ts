/** Definitions of a home that name what is not there, or add up what is no sum, are refused with the place. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';

/** Load with one shipped file replaced by an altered copy of itself. */
async function loadWith(name: string, alter: (text: string) => string) {
  const dir = await mkdtemp(path.join(tmpdir(), 'arbdata-definitions-'));
  try {
    const shipped = await readFile(path.join(PROJECT_DIR, 'schemas/definitions', name), 'utf8');
    const altered = alter(shipped);
    expect(altered).not.toBe(shipped);
    await writeFile(path.join(dir, name), altered);
    return loadDefinitions(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test.each([
  ['rules.json', (text: string) => text.replace('"V051"', '"V052"'), /V052 has no condition/],
  ['rules.json', (text: string) => text.replace('"V051"', '"V050"'), /V050 stands twice/],
  ['indicators.json', (text: string) => text.replace('"left": ["A01"', '"left": ["R01"'), /R01 is added up/],
  [
    'indicators.json',
    (text: string) => text.replace('"quantity": "worker_count"', '"quantity": "amount"'),
    /money/,
  ],
])('%s is refused', async (name, alter, message) => {
  await expect(loadWith(name, alter)).rejects.toMatchObject({
    code: 'E_DEFINITION',
    message: expect.stringMatching(message),
  });
});

test('the records of a platform keep their names from version to version', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'arbdata-definitions-'));
  try {
    const name = 'platforms/national-platform-2024-1.json';
    const shipped = await readFile(path.join(PROJECT_DIR, 'schemas/definitions', name), 'utf8');
    const next = { ...(JSON.parse(shipped) as object), version: '2027-1', validFrom: '2027-01-01' };
    await mkdir(path.join(dir, 'platforms'));
    const write = (layout: object) =>
      writeFile(path.join(dir, 'platforms/national-platform-2027-1.json'), JSON.stringify(layout));
    await write(next);
    expect(loadDefinitions(dir).platforms).toHaveLength(2);
    await write({ ...next, recordPrefix: '11-' });
    expect(() => loadDefinitions(dir)).toThrow(
      /the prefix of records must stay what it is in version 2024-1/,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('a byte order mark at the start, as some editors write it, is no fault', async () => {
  const { overridden } = await loadWith('codes.json', (text) => `\uFEFF${text}`);
  expect(overridden).toEqual(['codes.json']);
});
