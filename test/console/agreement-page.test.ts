/** The page of the three-way agreement in a browser, over a month that has differences of every class. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import { runMonthly } from '../../pipelines/monthly.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { CLERK } from '../publish/support.ts';
import { aCase, type SmallCase, smallSource } from '../submission/support/small-source.ts';
import { AS_OF, SubmissionHome } from '../submission/support/submission-home.ts';
import { hasBrowser, openBrowser, openPage, type PageOptions, paleTexts } from './browser.ts';
import { type TestConsole, testConsole } from './support.ts';

/** 2 is rejected, 3 held back, 4 has no answer, 5 is deleted after the publication. */
const CASES: readonly SmallCase[] = [aCase(1), aCase(2), aCase(3, { error: 'workers' }), aCase(4), aCase(5)];
const BATCH = '110000-ARB-202609-01';

describe.skipIf(!hasBrowser)('the page of the agreement', () => {
  let made: TestConsole;
  let empty: TestConsole;
  let browser: Browser;
  beforeAll(async () => {
    const home = await SubmissionHome.open();
    await home.fill(smallSource(CASES));
    await home.home.as(CLERK, (service) =>
      runMonthly(service, { period: parsePeriod('2026-09'), asOf: AS_OF }),
    );
    await home.send(BATCH);
    await home.answer(BATCH, [
      { id: '110000-1', result: 'accepted' },
      { id: '110000-2', result: 'rejected', code: 'E17', message: '当事人张三：金额不符' },
      { id: '110000-5', result: 'accepted' },
    ]);
    await home.fill(smallSource(CASES.map((one) => (one.id === 5 ? { ...one, isDeleted: true } : one))));
    await home.home.as(CLERK, (service) => runCockpitRefresh(service, { asOf: AS_OF }));
    [made, empty, browser] = await Promise.all([
      testConsole({ home: home.home }),
      testConsole(),
      openBrowser(),
    ]);
    await made.account('analyst', ['analyst']);
    await made.account('district', ['district'], '110101');
    await empty.account('analyst', ['analyst']);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await made?.close();
    await empty?.close();
  });

  const visit = async (name: string, path: string, options: PageOptions = {}): Promise<Page> => {
    const page = await openPage(browser, made.port, { ...options, as: await made.as(name) });
    await page.goto(path);
    await page.locator('.sides').waitFor();
    return page;
  };
  const rowsOf = async (page: Page, label: string): Promise<string[]> => {
    const rows = page.getByRole('region', { name: label }).locator('tbody tr');
    await rows.first().waitFor();
    return rows.allInnerTexts();
  };

  test('shows the three numbers, names each reason, and opens the cases of a class', async () => {
    const page = await visit('analyst', '/agreement?period=2026-09');
    const [accepted = ''] = await rowsOf(page, '2026年9月，全市');
    expect(accepted.split(/\s+/)).toEqual(
      '当期受理案件数（件） 5 2 4 缺陷 1 时间 1 定义 1 +3 时间 1 +1 缺陷 1 时间 2 定义 1 −2'.split(' '),
    );
    const reasons = (await rowsOf(page, '差异原因')).map((text) =>
      text.split('\t').slice(0, 2).join(' ').trim(),
    );
    expect(reasons).toEqual([
      '缺陷 平台退回，未处理',
      '时间 等待回执',
      '时间 其后删除或撤销受理',
      '定义 待补正',
    ]);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('三方一致');
    await page.getByRole('region', { name: '2026年9月，全市' }).getByText('缺陷 1').first().click();
    await page.waitForURL('**/agreement?*gap=defect*');
    const cases = await rowsOf(page, '差异案件');
    expect(cases).toHaveLength(1);
    expect(cases[0]).toMatch(
      /缺陷\s+平台退回，未处理\s+A02\s+月报表有，平台无\s.*\s2\s.*第00002号.*错误码 E17/s,
    );
    expect(await page.locator('body').innerText()).not.toMatch(/张三|金额不符/);
  });

  test('a district has its own body alone, and no choice of bodies', async () => {
    const page = await visit('district', '/agreement');
    expect(await rowsOf(page, '2026年9月，仲裁委员会110101')).toHaveLength(3);
    expect(await page.locator('select[name=body], details.numbers').count()).toBe(0);
  });

  test.each([
    ['a phone', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
    ['a desk', { viewport: { width: 1366, height: 768 } }],
    ['a wall', { viewport: { width: 3840, height: 2160 } }],
  ] as const)('fits %s, legibly', async (_name, options) => {
    const page = await visit('analyst', '/agreement', options);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.viewport.width);
    expect(await paleTexts(page)).toEqual([]);
    // On a phone, too, every difference stands on the screen without scrolling sideways.
    const right = await page.evaluate(
      `Math.max(...[...document.querySelectorAll('.totals .difference')].map((one) => one.getBoundingClientRect().right))`,
    );
    expect(right).toBeLessThan(options.viewport.width);
  });

  test('on paper there are no controls', async () => {
    const page = await visit('analyst', '/agreement');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('form.filters').isVisible()).toBe(false);
    expect(await page.locator('.totals table').isVisible()).toBe(true);
  });

  test('says what is missing where nothing was ever made', async () => {
    const page = await openPage(browser, empty.port, {
      as: await empty.as('analyst'),
      expected: /status of 404/,
    });
    await page.goto('/agreement?period=2026-09');
    await page.getByText('无从对照').waitFor();
    const text = await page.locator('.sides').innerText();
    expect(text).toContain('本月宏观监测尚未发布');
    expect(text).toContain('尚无报送批次');
    expect(text).toContain('驾驶室尚未更新过');
    await page.goto('/agreement');
    await page.getByText('还没有发布过任何月份').waitFor();
  });
});
