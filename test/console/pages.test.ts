/** The pages beside the cockpit in a browser: signing in step by step, a run from its start to its end, every list. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { addAccount } from '../../pipelines/accounts.ts';
import { hasBrowser, openBrowser, openPage, type PageOptions, paleTexts, signIn } from './browser.ts';
import { cheapHasher, keepSecret, PASSWORD, testConsole } from './support.ts';
import { accountOf, BATCH, makeWorld, type World } from './world.ts';

/** A browser says by itself that an answer was a refusal. */
const REFUSED = /status of 401/;

describe.skipIf(!hasBrowser)('pages', () => {
  let world: World;
  let browser: Browser;
  beforeAll(async () => {
    [world, browser] = await Promise.all([makeWorld(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.console.close();
  });
  const visit = (options?: PageOptions): Promise<Page> => openPage(browser, world.console.port, options);

  test('who is not signed in is asked to, told when it was wrong, and led to where they wanted to go', async () => {
    const page = await visit({ expected: REFUSED });
    await page.goto('/files');
    await page.waitForURL('**/sign-in?next=%2Ffiles');
    await page.getByLabel('账号').fill(accountOf('leader'));
    await page.getByLabel('口令').fill('Wrong-Horse-7');
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('alert').waitFor();
    expect(await paleTexts(page)).toEqual([]);
    await page.getByLabel('账号').fill(accountOf('leader'));
    await page.getByLabel('口令').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await page.waitForURL('**/files');
    await page.getByRole('button', { name: '退出' }).click();
    await page.waitForURL('**/sign-in');
    await page.goto('/');
    await page.waitForURL('**/sign-in');
  });

  test('an address that is none says so and leads back', async () => {
    const page = await visit({ expected: /status of 40[14]/ });
    const answer = await page.goto('/finding');
    expect([answer?.status(), await page.locator('h1').innerText()]).toEqual([404, '没有这个页面']);
    await page.getByRole('link', { name: '回到首页' }).click();
    await page.waitForURL('**/sign-in');
  });

  test('an address of elsewhere is not followed after signing in', async () => {
    const page = await visit();
    await page.goto('/sign-in?next=//example.org/');
    await page.getByLabel('账号').fill(accountOf('leader'));
    await page.getByLabel('口令').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await page.waitForURL((url) => url.pathname === '/');
  });

  test('a first sign-in sets a password and a second factor; the next one asks for the code', async () => {
    const own = await testConsole({ config: { console: { secondFactor: 'everyone' } } });
    onTestFinished(() => own.close());
    const { password } = await addAccount(
      own.service,
      { actor: 'owner' },
      { name: 'li.wei', title: '李伟', roles: ['leader'] },
      cheapHasher,
    );
    const page = await openPage(browser, own.port, { expected: /status of (401|404)/ });
    await page.goto('/sign-in');
    await page.getByLabel('账号').fill('li.wei');
    await page.getByLabel('口令').fill(password);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByLabel('当前口令').fill(password);
    await page.getByLabel('新口令', { exact: true }).fill(PASSWORD);
    await page.getByLabel('再输入一次新口令').fill(PASSWORD);
    await page.getByRole('button', { name: '设置' }).click();
    keepSecret('li.wei', (await page.locator('#secret').innerText()).replaceAll(' ', ''));
    await page.getByLabel('验证码').fill(own.code('li.wei'));
    await page.getByRole('button', { name: '确认' }).click();
    await page.getByRole('heading', { name: '恢复码' }).waitFor();
    expect(await page.locator('.codes li').count()).toBeGreaterThanOrEqual(8);
    await page.getByRole('button', { name: '已保存，继续' }).click();
    await page.waitForURL((url) => url.pathname === '/');
    // There is no cockpit yet: that is said, not hidden.
    await page.getByText('驾驶室还没有更新过').waitFor();
    await page.getByRole('button', { name: '退出' }).click();
    own.home.clock.advance(60_000);
    await page.getByLabel('账号').fill('li.wei');
    await page.getByLabel('口令').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByLabel('验证器应用中的6位验证码').fill(own.code('li.wei'));
    await page.getByRole('button', { name: '继续' }).click();
    await page.waitForURL((url) => url.pathname === '/');
  });

  test('a run that somebody starts is followed to its end', async () => {
    const page = await visit();
    await signIn(page, accountOf('operator'), '/start');
    await page.getByLabel('类型').selectOption('pre-application-comparison');
    await page.getByLabel('报表期').fill('2026-10');
    await page.getByLabel('数据日期').fill('2026-11-03');
    await page.getByRole('button', { name: '开始' }).click();
    await page.waitForURL('**/progress?id=Q*');
    await page.locator('#request .chip', { hasText: '完成' }).waitFor({ timeout: 40_000 });
    const steps = await page.locator('#steps tbody th').allInnerTexts();
    expect([steps.length > 3, steps.filter((step) => !/[\u4e00-\u9fff]/.test(step))]).toEqual([true, []]);
    expect(await page.locator('#request h2').innerText()).toBe('预申请比对 2026-10');
    expect(await page.locator('pre.log').innerText()).toContain('run ended');
    await page.locator('#request a').first().click();
    await page.waitForURL('**/run?id=R*');
    await page.getByRole('heading', { name: '文件' }).waitFor();
    expect(await page.locator('dl.facts').innerText()).toContain('预申请比对');
  });

  test('a job of the schedule is run by hand and followed to its end', async () => {
    const page = await visit();
    await signIn(page, accountOf('operator'), '/schedules');
    await page
      .locator('tbody tr', { hasText: '驾驶室数据刷新' })
      .getByRole('button', { name: '立即运行' })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: '立即运行' }).click();
    await page.waitForURL('**/progress?id=Q*');
    await page.locator('#request .chip', { hasText: '完成' }).waitFor({ timeout: 40_000 });
    await page.locator('#request a').first().click();
    await page.waitForURL('**/run?id=R*');
    const facts = await page.locator('dl.facts').innerText();
    expect([facts.includes('驾驶室数据刷新'), facts.includes(`account:${accountOf('operator')}`)]).toEqual([
      true,
      true,
    ]);
    const other = await visit({ as: await world.console.as(accountOf('leader')) });
    await other.goto('/schedules');
    await other.getByText('各月运行情况').first().waitFor();
    expect(await other.getByRole('button', { name: '立即运行' }).count()).toBe(0);
  });

  test('a district marks an own finding as correct, with a reason and an end, and takes it back', async () => {
    const page = await visit({ as: await world.console.as(accountOf('district')) });
    await page.goto('/findings');
    await page.getByRole('button', { name: '核实' }).first().click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('为什么数据是正确的').fill('已查阅案卷');
    await sheet.getByLabel('有效至').fill('2027-06-30');
    expect(await paleTexts(page)).toEqual([]);
    await sheet.getByRole('button', { name: '核实为正确' }).click();
    await page.getByText('已核实至2027-06-30').waitFor();
    expect((await world.console.service.ledger.standingMarks()).map(({ actor }) => actor)).toEqual([
      `account:${accountOf('district')}`,
    ]);
    await page.getByRole('button', { name: '查看' }).click();
    await page.getByRole('dialog').getByText('已查阅案卷').waitFor();
    await page.getByRole('button', { name: '撤回核实' }).click();
    await page.getByText('已核实至2027-06-30').waitFor({ state: 'detached' });
    expect(await world.console.service.ledger.standingMarks()).toEqual([]);
    const reader = await visit({ as: await world.console.as(accountOf('analyst')) });
    await reader.goto('/findings');
    await reader.getByText('已显示前').waitFor();
    expect(await reader.getByRole('button', { name: '核实' }).count()).toBe(0);
  });

  test('an operator says that a likely pair belongs together, and takes it back; a reader sees it', async () => {
    const page = await visit({ as: await world.console.as(accountOf('operator')) });
    await page.goto('/comparison?class=PROBABLE_MATCH');
    await page.locator('tbody th a', { hasText: /^YSQ/ }).first().click();
    await page.waitForURL('**/pre-application?id=*');
    await page.getByText('有当事人相同').waitFor();
    const caseId = await page.getByLabel('案件编号').inputValue();
    expect(caseId).toMatch(/^\d+$/);
    await page.getByLabel('理由').fill('已查阅案卷');
    await page.getByRole('button', { name: '认定' }).click();
    const row = page.locator('tbody tr', { hasText: '属于同一件' });
    await row.waitFor();
    expect(await row.innerText()).toContain(caseId);
    const reader = await visit({ as: await world.console.as(accountOf('analyst')) });
    await reader.goto(page.url());
    await reader.locator('tbody tr', { hasText: '属于同一件' }).waitFor();
    expect(await reader.getByRole('button', { name: /认定|撤回/ }).count()).toBe(0);
    await row.getByRole('button', { name: '撤回' }).click();
    await page.getByText('尚无人工认定').waitFor();
    expect(await world.console.service.ledger.standingDecisions()).toEqual([]);
  });

  test('an approver sees the hash and is asked for a reason; another one sees that an approval is wanted', async () => {
    const page = await visit();
    await signIn(page, accountOf('approver'), `/run?id=${world.heldId}`);
    await page.getByRole('heading', { name: '审批' }).waitFor();
    expect(await page.locator('dl.facts code').innerText()).toMatch(/^[0-9a-f]{64}$/);
    expect(await page.getByRole('button', { name: '批准并发布' }).isVisible()).toBe(true);
    const other = await visit();
    await signIn(other, accountOf('analyst'), `/run?id=${world.heldId}`);
    await other.getByText('须由审批人员批准').waitFor();
    expect(await other.getByRole('button', { name: '批准并发布' }).count()).toBe(0);
  });

  test('a file is downloaded as it was recorded', async () => {
    const page = await visit();
    await signIn(page, accountOf('analyst'), '/files');
    const link = page.locator('a[download]', { hasText: '.csv' }).first();
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/\.csv$/);
    expect(await download.failure()).toBeNull();
  });

  const LISTS = [
    ['/runs', '发起人'],
    ['/findings', '各机构待处理问题'],
    ['/agreement', '差异原因'],
    ['/comparison', '各类别件数'],
    ['/pre-application?id=YSQ0000003', '归类依据'],
    ['/submissions', BATCH],
    [`/submission?batch=${BATCH}`, '退回的记录'],
    ['/backups', '尚无备份'],
    ['/files', '宏观监测'],
    ['/schedules', '各月运行情况'],
    ['/account', '修改口令'],
  ] as const;
  test.each(LISTS)('%s is shown, legible in both colours and on a phone', async (path, text) => {
    const viewport = { width: 390, height: 844 };
    const page = await visit({
      colorScheme: 'dark',
      viewport,
      as: await world.console.as(accountOf('analyst')),
    });
    await page.goto(path);
    await page.getByText(text).first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await paleTexts(page)).toEqual([]);
    await page.getByRole('button', { name: '切换为浅色' }).click();
    expect(await paleTexts(page)).toEqual([]);
    expect(await page.locator('h1').count()).toBe(1);
  });

  test('a district finds its own records in the lists, and no entry to what is the city’s', async () => {
    const page = await visit({
      expected: /status of 403/,
      as: await world.console.as(accountOf('district')),
    });
    await page.goto('/findings');
    await page.locator('tbody tr').first().waitFor();
    const bodies = await page.locator('tbody td:nth-child(3)').allInnerTexts();
    expect(new Set(bodies)).toEqual(new Set(['东城区']));
    expect(await page.locator('select[name=body]').count()).toBe(0);
    await page.goto('/runs');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('没有权限');
  });
});
