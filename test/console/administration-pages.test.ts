/** Pages of the administrators and of the own account in a browser: accounts, roles, the audit record, tokens, the second factor. */
import { DatabaseSync } from 'node:sqlite';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, openBrowser, openPage, type PageOptions, paleTexts, signIn } from './browser.ts';
import { keepSecret, PASSWORD, type TestConsole, testConsole } from './support.ts';

const NEW_PASSWORD = 'Another-Horse-8';
const SYSTEM = 'the-system';
const SECURITY = 'the-security';
const AUDIT = 'the-audit';
const ANALYST = 'the-analyst';

describe.skipIf(!hasBrowser)('administration', () => {
  let console_: TestConsole;
  let browser: Browser;
  beforeAll(async () => {
    [console_, browser] = await Promise.all([testConsole(), openBrowser()]);
    await console_.account(SYSTEM, ['system-admin']);
    await console_.account(SECURITY, ['security-admin']);
    await console_.account(AUDIT, ['audit-admin']);
    await console_.account(ANALYST, ['analyst']);
    await console_.account('the-nobody', []);
  });
  afterAll(async () => {
    await browser?.close();
    await console_?.close();
  });
  const visit = (options?: PageOptions): Promise<Page> => openPage(browser, console_.port, options);
  const visitAs = async (name: string, options: PageOptions = {}): Promise<Page> =>
    visit({ as: await console_.as(name), ...options });
  const rowOf = (page: Page, name: string) => page.locator('tbody tr', { hasText: name });
  const openAccount = async (page: Page, name: string) => {
    await rowOf(page, name).getByRole('button', { name: '办理' }).click();
    return page.getByRole('dialog');
  };

  test.each([
    [SYSTEM, '/accounts', ['账号管理', '运行', '备份', '计划']],
    [SECURITY, '/accounts', ['账号管理']],
    [AUDIT, '/accounts', ['账号管理', '审计记录']],
    ['the-nobody', '/account', []],
  ])('%s begins at %s and finds entries to what it may open alone', async (name, path, entries) => {
    const page = await visit();
    await page.goto('/sign-in');
    await page.getByLabel('账号').fill(name);
    await page.getByLabel('口令').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await page.waitForURL(`**${path}`);
    await page.locator('h1').waitFor();
    await page.locator('.person').waitFor();
    expect(await page.locator('nav a').allInnerTexts()).toEqual(entries);
    expect(await page.getByRole('alert').count()).toBe(0);
    // Every entry leads to a page that is shown.
    for (const entry of entries) {
      await page.getByRole('navigation').getByRole('link', { name: entry }).click();
      await page.getByText('正在读取…').waitFor({ state: 'detached' });
      expect([entry, await page.getByRole('alert').count()]).toEqual([entry, 0]);
    }
    await page.locator('.frame .name').click();
    await page.waitForURL(`**${path}`);
  });

  test('an account is made, given a role, used, disabled and enabled, and all of it is recorded', async () => {
    const system = await visitAs(SYSTEM);
    await system.goto('/accounts');
    await system.getByRole('textbox', { name: '账号' }).fill('zhao.yi');
    await system.getByLabel('姓名').fill('赵一');
    await system.getByRole('button', { name: '新建账号' }).click();
    const oneTime = await system.locator('#secret').innerText();
    await rowOf(system, 'zhao.yi').waitFor();
    // The system administrator gives no roles.
    const sheet = await openAccount(system, 'zhao.yi');
    expect(await sheet.getByRole('button').allInnerTexts()).toEqual(['关闭', '停用账号', '重置口令']);
    await sheet.getByRole('button', { name: '关闭' }).click();

    const security = await visitAs(SECURITY);
    await security.goto('/accounts');
    const roles = await openAccount(security, 'zhao.yi');
    await roles.getByLabel('类别').selectOption('work');
    await roles.getByLabel('领导').check();
    await roles.getByLabel('操作人员').check();
    await roles.getByRole('button', { name: '变更角色' }).click();
    await rowOf(security, 'zhao.yi').getByText('领导、操作人员').waitFor();

    const own = await visit({ expected: /status of 40[14]/ });
    await own.goto('/sign-in');
    await own.getByLabel('账号').fill('zhao.yi');
    await own.getByLabel('口令').fill(oneTime);
    await own.getByRole('button', { name: '登录' }).click();
    await own.getByLabel('当前口令').fill(oneTime);
    await own.getByLabel('新口令', { exact: true }).fill(PASSWORD);
    await own.getByLabel('再输入一次新口令').fill(PASSWORD);
    await own.getByRole('button', { name: '设置' }).click();
    await own.waitForURL((url) => url.pathname === '/');
    await own.goto('/account');
    await own.getByText('领导、操作人员').waitFor();

    await system.reload();
    const toDisable = await openAccount(system, 'zhao.yi');
    await toDisable.getByRole('button', { name: '停用账号' }).click();
    await rowOf(system, 'zhao.yi').getByText('停用').waitFor();
    await own.reload();
    await own.waitForURL('**/sign-in**');
    const toEnable = await openAccount(system, 'zhao.yi');
    await toEnable.getByRole('button', { name: '启用账号' }).click();
    await rowOf(system, 'zhao.yi').getByText('启用').waitFor();
    // A second one-time password, shown once: closed and opened again it is gone.
    const toReset = await openAccount(system, 'zhao.yi');
    await toReset.getByRole('button', { name: '重置口令' }).click();
    expect(await toReset.locator('#secret').innerText()).toMatch(/^\w{5}(-\w{5}){3}$/);
    await system.keyboard.press('Escape');
    expect(await (await openAccount(system, 'zhao.yi')).locator('#secret').count()).toBe(0);

    const audit = await visitAs(AUDIT);
    await audit.goto('/audit?subject=zhao.yi');
    await audit.locator('tbody tr').first().waitFor();
    const actions = await audit.locator('tbody td:nth-child(4)').allInnerTexts();
    for (const action of ['新建账号', '变更角色', '修改口令', '停用账号', '启用账号', '重置口令或二次验证'])
      expect(actions).toContain(action);
  });

  test('a body is asked for where a district is chosen; the security administrator ends what others have open', async () => {
    await console_.account('the-clerk', ['analyst']);
    const clerk = await console_.as('the-clerk');
    const made = await clerk.ask('/api/tokens', {
      method: 'POST',
      body: { title: '看板', scopes: ['cockpit'], days: 30 },
    });
    expect(made.status).toBe(201);
    const page = await visitAs(SECURITY);
    await page.goto('/accounts');
    const sheet = await openAccount(page, 'the-clerk');
    await sheet.getByRole('button', { name: '吊销' }).click();
    await sheet.getByText('已吊销').waitFor();
    await sheet.getByRole('button', { name: '结束所有登录' }).click();
    await sheet.waitFor({ state: 'detached' });
    expect((await clerk.ask('/api/session')).status).toBe(401);
    const again = await openAccount(page, 'the-clerk');
    await again.getByLabel('类别').selectOption('district');
    await again.getByLabel('机构代码').fill('110101');
    await again.getByRole('button', { name: '变更角色' }).click();
    await rowOf(page, 'the-clerk').getByText('110101').waitFor();
    expect(await console_.service.ledger.accounts.find('the-clerk')).toMatchObject({
      roles: ['district'],
      orgCode: '110101',
    });
  });

  test('a locked account is shown and unlocked', async () => {
    await console_.account('the-locked', ['leader']);
    for (let guess = 0; guess < 5; guess += 1) await console_.client().signIn('the-locked', 'wrong');
    const page = await visitAs(SECURITY);
    await page.goto('/accounts');
    await rowOf(page, 'the-locked').getByText('锁定至').waitFor();
    const sheet = await openAccount(page, 'the-locked');
    await sheet.getByRole('button', { name: '解除锁定' }).click();
    await sheet.waitFor({ state: 'detached' });
    await expect.poll(() => rowOf(page, 'the-locked').innerText()).not.toContain('锁定至');
    expect((await console_.client().signIn('the-locked')).status).toBe(200);
  });

  test('the audit record is filtered, read on, and verified; one that was altered says so', async () => {
    for (let count = 0; count < 60; count += 1) {
      await console_.service.ledger.appendAudit({
        actor: 'clerk',
        action: 'cases.view',
        subject: `filler/${count}`,
        detail: { rows: 1 },
      });
      await console_.service.ledger.appendAudit({ actor: 'clerk', action: 'file.download', subject: 'x' });
    }
    const page = await visitAs(AUDIT);
    await page.goto('/audit');
    await page.getByText('已显示前100条').waitFor();
    await page.getByRole('button', { name: '显示更多' }).click();
    await expect.poll(() => page.locator('tbody tr').count()).toBeGreaterThan(120);
    const numbers = (await page.locator('tbody th').allInnerTexts()).map(Number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    expect(new Set(numbers).size).toBe(numbers.length);
    await page.locator('select[name=action]').selectOption('cases.view');
    await page.waitForURL('**/audit?action=cases.view');
    await page.getByText('共60条').waitFor();
    await page.getByRole('button', { name: '校验哈希链' }).click();
    await page.getByText('逐条校验无误').waitFor();
    const database = new DatabaseSync(console_.home.path('ledger.sqlite'));
    database.exec("DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'wang' WHERE seq = 3");
    database.close();
    await page.getByRole('button', { name: '校验哈希链' }).click();
    await page.getByText('记录被改动或缺失').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('第3条起');
  });

  test('a token is made with scopes and an end, shown once, used, and revoked', async () => {
    const page = await visitAs(ANALYST);
    await page.goto('/account');
    await page.getByRole('link', { name: 'API令牌' }).click();
    await page.getByLabel('用途').fill('大屏');
    await page.getByRole('button', { name: '新建令牌' }).click();
    await page.getByText('请至少选择一个范围').waitFor();
    await page.getByLabel('数据问题与预申请比对').check();
    await page.getByLabel('有效期').selectOption('90');
    await page.getByRole('button', { name: '新建令牌' }).click();
    const token = await page.locator('#secret').innerText();
    const use = async (path: string) =>
      (await console_.client().ask(path, { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await use('/api/rules'), await use('/api/runs')]).toEqual([200, 403]);
    await rowOf(page, '大屏').getByText('有效').waitFor();
    await page.reload();
    await rowOf(page, '大屏').waitFor();
    expect(await page.locator('main').innerText()).not.toContain(token);
    await rowOf(page, '大屏').getByRole('button', { name: '吊销' }).click();
    await rowOf(page, '大屏').getByText('已吊销').waitFor();
    expect(await use('/api/rules')).toBe(401);
  });

  test('a second factor is set up later, from the account, and asked for from then on', async () => {
    await console_.account('the-late', ['audit-admin']);
    const page = await visit({ expected: /status of 401/ });
    await signIn(page, 'the-late', '/account');
    await page.getByRole('button', { name: '设置二次验证' }).click();
    keepSecret('the-late', (await page.locator('#secret').innerText()).replaceAll(' ', ''));
    const right = console_.code('the-late');
    await page.getByLabel('验证码').fill(right === '000000' ? '111111' : '000000');
    await page.getByRole('button', { name: '确认' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('验证码').fill(right);
    await page.getByRole('button', { name: '确认' }).click();
    await page.getByText('二次验证已设置').waitFor();
    expect(await page.locator('.codes li').count()).toBe(10);
    await page.getByRole('button', { name: '退出', exact: true }).click();
    await page.waitForURL('**/sign-in');
    console_.home.clock.advance(60_000);
    await page.getByLabel('账号').fill('the-late');
    await page.getByLabel('口令').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByLabel('验证器应用中的6位验证码').fill(console_.code('the-late'));
    await page.getByRole('button', { name: '继续' }).click();
    await page.waitForURL('**/accounts');
  });

  test('the own password is changed from the account', async () => {
    await console_.account('the-changing', ['leader']);
    const page = await visitAs('the-changing');
    await page.goto('/account');
    await page.getByLabel('当前口令').fill(PASSWORD);
    await page.getByLabel('新口令', { exact: true }).fill(NEW_PASSWORD);
    await page.getByLabel('再输入一次新口令').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: '修改' }).click();
    await page.getByText('口令已修改').waitFor();
    expect((await console_.client().signIn('the-changing', NEW_PASSWORD)).status).toBe(200);
  });

  test.each([
    [SYSTEM, '/accounts'],
    [SECURITY, '/accounts'],
    [AUDIT, '/audit'],
    [ANALYST, '/tokens'],
    [ANALYST, '/account'],
  ])('%s: %s is legible in both colours and on a phone', async (name, path) => {
    const page = await visitAs(name, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    await page.goto(path);
    await page.getByText('正在读取…').waitFor({ state: 'detached' });
    if (name === SYSTEM || name === SECURITY) await openAccount(page, ANALYST);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await paleTexts(page)).toEqual([]);
    expect(await page.locator('h1').count()).toBe(1);
  });
});
