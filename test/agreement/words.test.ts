/** The reasons of the agreement: in the documentation as they are in the definitions. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadAgreement } from '../../pipelines/runtime/definitions.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { agreementFile } from '../../schemas/agreement.ts';

const file = loadAgreement('');

test('docs/submission.md lists exactly the reasons, in their order, with class and words', () => {
  const text = readFileSync(path.join(PROJECT_DIR, 'docs/submission.md'), 'utf8');
  const section = /\n## Three-way agreement\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map((row) =>
    row.slice(1),
  );
  const titleOf = new Map(file.classes.map(({ id, title }) => [id, title]));
  expect(rows).toEqual(file.reasons.map((one) => [one.id, titleOf.get(one.class), one.title, one.text]));
});

test.each<[what: string, change: (text: string) => string]>([
  ['a condition that calls something', (text) => text.replace("held = 'rule'", "lower(held) = 'rule'")],
  ['two reasons of one name', (text) => text.replace('"id": "lost"', '"id": "released"')],
  ['an unconditional reason before the last', (text) => text.replace(/,\s*"when": "is_lost = 1"/, '')],
  ['a last reason that is no defect', (text) => text.replace(/"defect"(?![\s\S]*"defect")/, '"timing"')],
  ['a side too few', (text) => text.replace('"id": "cockpit"', '"id": "table"')],
])('%s is refused', (_what, change) => {
  const text = readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/agreement.json'), 'utf8');
  expect(agreementFile.safeParse(JSON.parse(text)).success).toBe(true);
  expect(change(text)).not.toBe(text);
  expect(agreementFile.safeParse(JSON.parse(change(text))).success).toBe(false);
});
