/** The words that pages show: handed out from where they stand, once per version, and complete. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FIELD_TITLES } from '../../exports/comparison-words.ts';
import { FINDING_STATE_LABELS, SEVERITY_LABELS } from '../../exports/labels.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { ROLE_TITLES } from '../../schemas/accounts.ts';
import { AUDIT_ACTION_TITLES } from '../../schemas/audit-actions.ts';
import { CLASS_TITLES } from '../../schemas/comparison.ts';
import { STEP_TITLES } from '../../schemas/steps.ts';
import { type TestConsole, testConsole } from './support.ts';

let console_: TestConsole;
beforeAll(async () => {
  console_ = await testConsole();
  await console_.account('the-leader', ['leader']);
  await console_.account('the-nobody', []);
});
afterAll(() => console_.close());

type Words = Record<string, Record<string, string>>;

test('are those of the program and its definitions, for every account, and not sent twice', async () => {
  const client = await console_.as('the-nobody');
  const answer = await client.ask('/api/words');
  const words = answer.json<Words>();
  expect(words).toMatchObject({
    roles: ROLE_TITLES,
    severities: SEVERITY_LABELS,
    findingStates: FINDING_STATE_LABELS,
    comparisonClasses: CLASS_TITLES,
    comparedFields: FIELD_TITLES,
    auditActions: AUDIT_ACTION_TITLES,
    steps: STEP_TITLES,
  });
  const entries = console_.service.definitions.codes.lists['pre_application_status']?.entries ?? [];
  expect(entries.length).toBeGreaterThan(3);
  expect(words['preApplicationStates']).toEqual(
    Object.fromEntries(entries.map(({ code, name }) => [code, name])),
  );
  const headers = { 'if-none-match': String(answer.headers.etag) };
  const again = await (await console_.as('the-leader')).ask('/api/words', { headers });
  expect([again.status, again.text]).toEqual([304, '']);
});

/** Every TypeScript file below a folder. */
const sources = (folder: string): string[] =>
  readdirSync(path.join(PROJECT_DIR, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(PROJECT_DIR, folder, name), 'utf8'));

test('name every action of the audit record, and no other', () => {
  const text = ['app', 'pipelines'].flatMap(sources).join('\n');
  const named = new Set([...text.matchAll(/'([a-z]+\.[a-z]+(?:-[a-z]+)*)'/g)].map(([, one = '']) => one));
  const families = new Set(Object.keys(AUDIT_ACTION_TITLES).map((action) => action.split('.')[0]));
  const actions = [...text.matchAll(/(?:action: |#audit\()'([a-z.-]+)'/g)].map(([, one = '']) => one);
  expect(actions.length).toBeGreaterThan(30);
  expect(actions.filter((action) => !(action in AUDIT_ACTION_TITLES))).toEqual([]);
  // Ends of deliveries are put together from their states.
  const made = ['batch.delivered', 'batch.failed', 'batch.unknown'];
  const unused = Object.keys(AUDIT_ACTION_TITLES).filter((one) => !named.has(one) && !made.includes(one));
  expect([unused, families.size > 10]).toEqual([[], true]);
});

test('name no step that no run has', () => {
  const text = sources('pipelines').join('\n');
  const unused = Object.keys(STEP_TITLES).filter(
    (name) => !text.includes(`'${name}'`) && !text.includes(`\`${name}\${`),
  );
  expect(unused).toEqual([]);
});
