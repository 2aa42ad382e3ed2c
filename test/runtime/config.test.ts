import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { logLevelFrom, readConfig } from '../../pipelines/runtime/config.ts';
import { codeOf, errorOf, temporaryHome } from './support/home.ts';

const DEFAULTS = {
  cutoffDay: 0,
  exclusionLimitPercent: '0.5',
  memoryLimitMb: 900,
  approval: false,
  snapshotsToKeep: 12,
  forms: {},
  backup: {
    destinations: [],
    recipients: [],
    retention: { daily: 7, weekly: 5, monthly: 12, yearly: 10 },
    settleSeconds: 60,
    verifyWithinDays: 35,
    drillWithinDays: 100,
  },
  source: {
    kind: 'embedded',
    oracle: {
      views: {},
      consistentRead: 'auto',
      fetchRows: 1000,
      chunkRows: 250_000,
      connectTimeoutSeconds: 20,
      statementTimeoutSeconds: 900,
      stallTimeoutSeconds: 60,
    },
  },
  submission: {
    platforms: {},
    channels: {},
    channel: 'outbox',
    retry: { attempts: 8, baseSeconds: 2, maxSeconds: 300, totalMinutes: 60 },
  },
  service: { host: '127.0.0.1', port: 8700, parallelRuns: 1, stopWaitSeconds: 120 },
  alerts: { channels: {} },
  console: {
    idleMinutes: 30,
    memoryLimitMb: 256,
    names: [],
    oneTimePasswordHours: 72,
    requestsAtOnce: 2,
    secondFactor: 'administrators-and-approvers',
    sessionHours: 12,
  },
  cockpit: { maxAgeHours: 26, target: { kind: 'sqlite' }, versionsToKeep: 10 },
};

test('without a file, and with an empty object, the defaults hold', async () => {
  const home = await temporaryHome();
  expect(readConfig(home)).toEqual(DEFAULTS);
  await writeFile(home.config, '\uFEFF{}');
  expect(readConfig(home)).toEqual(DEFAULTS);
});

test('what is given replaces the defaults; a relative form is found beside the file', async () => {
  const home = await temporaryHome();
  await writeFile(
    home.config,
    JSON.stringify({ cutoffDay: 20, threads: 2, forms: { macroMonitoring: 'forms/a.xlsx' } }),
  );
  expect(readConfig(home)).toEqual({
    ...DEFAULTS,
    cutoffDay: 20,
    threads: 2,
    forms: { macroMonitoring: path.join(home.dir, 'forms/a.xlsx') },
  });
});

test('paths of backups count from the folder of the file', async () => {
  const home = await temporaryHome();
  const backup = {
    destinations: [{ name: 'nas', path: '../nas' }],
    expectedFile: 'e.json',
    dropFolder: '/drop',
  };
  await writeFile(home.config, JSON.stringify({ backup }));
  expect(readConfig(home).backup).toMatchObject({
    destinations: [{ name: 'nas', path: path.join(home.dir, '../nas'), offline: false }],
    expectedFile: path.join(home.dir, 'e.json'),
    dropFolder: '/drop',
  });
});

test.each([
  [{ backup: { destinations: [{ name: 'home', path: 'x' }] } }, 'backup.destinations.0.name'],
  [
    {
      backup: {
        destinations: [
          { name: 'a', path: 'x' },
          { name: 'a', path: 'y' },
        ],
      },
    },
    'backup.destinations',
  ],
  [{ backup: { dataPump: { directory: 'D', schemas: ['S'], password: 'x' } } }, 'backup.dataPump.password'],
  [{ cutoffDay: 29 }, 'cutoffDay'],
  [{ cutoffDay: '20' }, 'cutoffDay'],
  [{ exclusionLimitPercent: 0.5 }, 'exclusionLimitPercent'],
  [{ exclusionLimitPercent: '101' }, 'exclusionLimitPercent'],
  [{ memoryLimitMb: 900.5 }, 'memoryLimitMb'],
  [{ snapshotsToKeep: 0 }, 'snapshotsToKeep'],
  [{ forms: { macroMonitoring: 'a.xls' } }, 'forms.macroMonitoring'],
  [{ forms: { other: 'a.xlsx' } }, 'other'],
  [{ cutoffday: 20 }, 'cutoffday'],
  [[], 'config.json'],
])('%j is E_CONFIG naming the file and %s', async (config, named) => {
  const home = await temporaryHome();
  await writeFile(home.config, JSON.stringify(config));
  const error = await errorOf(() => readConfig(home));
  expect(error.code).toBe('E_CONFIG');
  expect(error.message).toContain(home.config);
  expect(error.message).toContain(named);
});

test.each([
  ['{\n  "cutoffDay": 20\n  "approval": true\n}', 3],
  ['{\n  "cutoffDay": 20,\n', 3],
  ['', 1],
])('%j is E_CONFIG naming the line %i', async (text, line) => {
  const home = await temporaryHome();
  await writeFile(home.config, text);
  const error = await errorOf(() => readConfig(home));
  expect(error.code).toBe('E_CONFIG');
  expect(error.where).toEqual({ file: home.config, line });
});

test('a word that is not JSON is quoted', async () => {
  const home = await temporaryHome();
  await writeFile(home.config, '{\n  "approval": yes\n}');
  const error = await errorOf(() => readConfig(home));
  expect(error.message).toContain('": yes');
  expect(error.message).not.toContain('\n');
});

test('the level of the log comes from ARBDATA_LOG', async () => {
  expect(logLevelFrom({})).toBe('info');
  expect(logLevelFrom({ ARBDATA_LOG: 'debug' })).toBe('debug');
  expect(await codeOf(() => logLevelFrom({ ARBDATA_LOG: 'loud' }))).toBe('E_CONFIG');
  expect((await errorOf(() => logLevelFrom({ ARBDATA_LOG: 'loud' }))).message).toContain('ARBDATA_LOG');
});
