/** A platform's product has folders, revisions and locks of its own: it is named as nothing else is. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { MACRO_MONITORING } from '../../pipelines/macro-monitoring.ts';
import { NATIONAL_PLATFORM } from '../../pipelines/national-platform.ts';
import { PRE_APPLICATION_COMPARISON } from '../../pipelines/pre-application-comparison.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { cockpitDir } from '../../pipelines/steps/publish/cockpit-versions.ts';
import { platformFile } from '../../schemas/submission.ts';

const layout: object = JSON.parse(
  readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/platforms/national-platform-2024-1.json'), 'utf8'),
);
const isTaken = (product: string): boolean => !platformFile.safeParse({ ...layout, product }).success;

test.each([
  MACRO_MONITORING,
  PRE_APPLICATION_COMPARISON,
  path.basename(cockpitDir({ published: 'published' })),
  'cockpit-refresh',
  'monthly',
  'submit',
  'receipts',
  'backup',
])('%s is no name for a platform', (name) => {
  expect(isTaken(name)).toBe(true);
});

test.each([NATIONAL_PLATFORM, 'city-exchange'])('%s is one', (name) => {
  expect(isTaken(name)).toBe(false);
});
