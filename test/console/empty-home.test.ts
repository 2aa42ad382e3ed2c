/** A console over a home in which nothing was ever run: every page says what is missing, and none fails. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import { CLERK, homeDir, type TestHome } from '../publish/support.ts';
import { hasBrowser, openBrowser, openPage } from './browser.ts';
import { type TestConsole, testConsole } from './support.ts';

/** A browser says by itself that an answer was a refusal. */
const MISSING = /status of 404/;

let home: TestHome;
let made: TestConsole;
beforeAll(async () => {
  home = await homeDir();
  made = await testConsole({ home });
  await made.account('li.op', ['operator']);
  await made.account('dongcheng', ['district'], '110101');
});
afterAll(() => made.close());

test.each([
  '/api/cockpit',
  '/api/cockpit/panels/districts',
  '/api/findings',
  '/api/findings/counts',
  '/api/comparison',
  '/api/agreement',
])('%s tells what was never made from what does not exist', async (address) => {
  const answer = await (await made.as('li.op')).ask(address);
  expect([answer.status, answer.json()]).toEqual([
    404,
    { error: { code: 'nothing-yet', message: '尚无数据' } },
  ]);
});

describe.skipIf(!hasBrowser)('pages', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  const PAGES = [
    ['/', '驾驶室还没有更新过'],
    ['/findings', '没有检查结果'],
    ['/agreement', '还没有发布过任何月份'],
    ['/comparison', '还没有做过预申请比对'],
    ['/runs', '没有运行'],
    ['/submissions', '尚无报送批次'],
    ['/backups', '尚无备份'],
    ['/files', '没有可下载的文件'],
    ['/schedules', '月度数据集'],
  ] as const;

  test.each(PAGES)('%s says what is missing', async (address, words) => {
    const page = await openPage(browser, made.port, { as: await made.as('li.op'), expected: MISSING });
    await page.goto(address);
    await page.getByText(words).first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.locator('main').innerText()).not.toContain('正在读取');
  });

  test('a page that an account may not open says so, and no longer that it reads', async () => {
    const page = await openPage(browser, made.port, {
      as: await made.as('dongcheng'),
      expected: /status of 403/,
    });
    await page.goto('/runs');
    expect(await page.getByRole('alert').innerText()).toContain('没有权限');
    expect(await page.locator('main').innerText()).not.toContain('正在读取');
  });

  test('the cockpit that was opened too early shows the first refresh by itself', async () => {
    const page = await openPage(browser, made.port, { as: await made.as('li.op'), expected: MISSING });
    await page.clock.install();
    await page.goto('/');
    await page.getByText('驾驶室还没有更新过').waitFor();
    await home.import('small');
    await home.as(CLERK, (service) => runCockpitRefresh(service, { asOf: '2026-11-03' }));
    await page.clock.runFor(16_000);
    await page.locator('.tile').first().waitFor();
    expect(await page.getByText('驾驶室还没有更新过').count()).toBe(0);
  });
});
