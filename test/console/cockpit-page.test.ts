/** The cockpit in a browser: its figures, its cases, its looks, and what it does when a version changes or nothing answers. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackups } from '../../pipelines/backup.ts';
import { verifyBackups } from '../../pipelines/backup-look.ts';
import { runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import { CLERK, valuesOf } from '../publish/support.ts';
import {
  hasBrowser,
  openBrowser,
  openCockpit,
  openPage,
  type PageOptions,
  paleTexts,
  shownFigure,
} from './browser.ts';
import { accountOf, FOREIGN, makeWorld, OWN, type World } from './world.ts';

const LEADER = accountOf('leader');
const DISTRICT = accountOf('district');
const SIZES = {
  laptop: { width: 1366, height: 768 },
  wall: { width: 3840, height: 2160 },
  phone: { width: 390, height: 844 },
} as const;
const KEY_FIGURES = ['A02', 'C01', 'B01', 'B02', 'R01', 'R02', 'R04', 'M04'];
/** Longer than the page waits between two looks. */
const NEXT_LOOK_MS = 16_000;

describe.skipIf(!hasBrowser)('the cockpit', () => {
  let world: World;
  let browser: Browser;
  /** `month/body/indicator` → value, of the CSV that was published from the same snapshot. */
  let published: Map<string, string>;
  beforeAll(async () => {
    [world, browser] = await Promise.all([makeWorld(), openBrowser()]);
    const dir = world.console.home.path('published/macro-monitoring/202610/r1');
    published = await valuesOf(dir, 'macro-monitoring-202610.csv');
  });
  afterAll(async () => {
    await browser?.close();
    await world?.console.close();
  });
  const visit = async (options: PageOptions = {}, name: string = LEADER): Promise<Page> => {
    const page = await openPage(browser, world.console.port, {
      as: await world.console.as(name),
      ...options,
    });
    await page.clock.install();
    await openCockpit(page);
    return page;
  };
  const inCsv = (body: string, indicator: string) => published.get(`month/${body}/${indicator}`) || '—';

  test('shows the figures of the CSV of the same snapshot, of the city and of a body', async () => {
    const page = await visit();
    const shown = async () => Promise.all(KEY_FIGURES.map((id) => shownFigure(page, id)));
    expect(await shown()).toEqual(KEY_FIGURES.map((id) => inCsv('ALL', id)));
    await page.getByLabel('范围').selectOption(FOREIGN);
    expect(await shown()).toEqual(KEY_FIGURES.map((id) => inCsv(FOREIGN, id)));
    for (const id of ['A03', 'A07']) {
      const text = await page.locator(`.collective-disputes [data-indicator="${id}"] .value`).innerText();
      expect(text.replace(/\D/g, '')).toBe(inCsv(FOREIGN, id));
    }
  });

  test('opens the cases behind a figure, as many as it says, names masked, and gives the focus back', async () => {
    const page = await visit();
    await page.locator('.tile[data-indicator="A02"] button').focus();
    await page.keyboard.press('Enter');
    const rows = page.locator('.drill-sheet tbody tr');
    await rows.first().waitFor();
    const more = page.getByRole('button', { name: '再显示100条' });
    while (await more.isVisible()) {
      const before = await rows.count();
      await more.click();
      await expect.poll(() => rows.count()).toBeGreaterThan(before);
    }
    expect(await rows.count()).toBe(Number(inCsv('ALL', 'A02')));
    const heads = await page.locator('.drill-sheet thead th').allInnerTexts();
    const people = await page
      .locator(`.drill-sheet tbody td:nth-child(${heads.indexOf('申请人') + 1})`)
      .allInnerTexts();
    expect(people.filter((name) => name.includes('*')).length).toBeGreaterThan(people.length / 2);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate('document.activeElement.ariaLabel')).toContain('当期受理案件数');
  });

  test('tells numerator from denominator of a rate', async () => {
    const page = await visit();
    await page.locator('.tile[data-indicator="R02"] button').click();
    const parts = page.locator('.drill-sheet tbody td:first-child');
    await parts.first().waitFor();
    expect(new Set(await parts.allInnerTexts())).toEqual(new Set(['分子 C02', '分母 C01']));
  });

  test('has a table behind each chart', async () => {
    const page = await visit();
    const toggles = page.locator('.toggle');
    const count = await toggles.count();
    expect(count).toBeGreaterThanOrEqual(12);
    for (let place = 0; place < count; place += 1) await toggles.nth(place).click();
    expect(await page.locator('.toggle[aria-pressed="true"]').count()).toBe(count);
    expect(await page.locator('.panel .wide table').count()).toBe(count);
    expect(await page.locator('canvas').count()).toBe(0);
    const row = page.locator('.trend tbody tr', { hasText: '2026年10月' });
    expect(await row.locator('td').allInnerTexts()).toEqual(
      ['A02', 'C01', 'B01'].map((id) => inCsv('ALL', id)),
    );
  });

  test('marks provisional figures, and says how old the data are', async () => {
    const page = await visit();
    expect(await page.locator('#notices').innerText()).toContain('数据已超时');
    expect(await page.locator('#foot').innerText()).toContain('第1版');
    expect(await page.locator('.provisional').count()).toBe(0);
    await page.getByRole('button', { name: /暂定/ }).click();
    expect(await page.locator('.tile .provisional').count()).toBe(KEY_FIGURES.length);
  });

  test("is legible in the system's colours and in the others, which are remembered", async () => {
    const page = await visit({ colorScheme: 'light' });
    expect(await paleTexts(page)).toEqual([]);
    await page.getByRole('button', { name: '切换为深色' }).click();
    expect(await paleTexts(page)).toEqual([]);
    await page.reload();
    await page.locator('.tile').first().waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  });

  test.each(Object.entries(SIZES))('fits a %s: nothing beyond the edge', async (name, viewport) => {
    const page = await visit({ viewport });
    const [width, height] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.scrollHeight]',
    );
    expect(width).toBe(viewport.width);
    // A wall screen cannot be scrolled.
    if (name === 'wall') expect(height).toBe(viewport.height);
    expect(await page.evaluate(cutTexts)).toEqual([]);
  });

  test('shows a new version as a whole, and never a mix of two', async () => {
    const page = await visit();
    const { home } = world.console;
    await home.as(CLERK, (service) => runCockpitRefresh(service, { asOf: '2026-11-03' }));
    let asked = 0;
    await page.route('**/api/cockpit', async (route) => {
      asked += 1;
      const response = await route.fetch();
      if (asked > 1 || response.status() !== 200) return route.fulfill({ response });
      const whole = (await response.json()) as { panels: { panel: string; version: number }[] };
      // As if one panel came from the version before.
      const panels = whole.panels.map((one) =>
        one.panel === 'trend' ? { ...one, version: one.version - 1 } : one,
      );
      return route.fulfill({ response, json: { ...whole, panels } });
    });
    await page.clock.runFor(NEXT_LOOK_MS);
    await page.locator('#foot', { hasText: '第2版' }).waitFor();
    expect(asked).toBe(2);
    expect(await page.evaluate('document.body.dataset.version')).toBe('2');
  });

  test('says so when nothing answers, keeps what it shows, and goes on when it can', async () => {
    const page = await visit({ expected: /Failed to load resource|ERR_FAILED/ });
    const before = await shownFigure(page, 'A02');
    await page.route('**/api/cockpit', (route) => route.abort());
    await page.clock.runFor(NEXT_LOOK_MS);
    await page.locator('#notices', { hasText: '与服务器的连接中断' }).waitFor();
    expect(await shownFigure(page, 'A02')).toBe(before);
    await page.unroute('**/api/cockpit');
    await page.clock.runFor(NEXT_LOOK_MS);
    await expect.poll(() => page.locator('#notices').innerText()).not.toContain('连接中断');
  });

  test('says that the latest refresh failed, with its code and run, and what is still shown; the next good one ends it', async () => {
    const page = await visit();
    const { home } = world.console;
    const before = await page.evaluate('document.body.dataset.version');
    expect(await page.locator('#notices').innerText()).not.toContain('最近一次更新失败');
    await expect(
      home.as(CLERK, (service) => runCockpitRefresh(service, { snapshotId: '20200101-000000-0000' })),
    ).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    const [failed] = await world.console.service.ledger.listRuns({ pipeline: 'cockpit-refresh', limit: 1 });
    await page.clock.runFor(NEXT_LOOK_MS);
    const notice = page.locator('.notice', { hasText: '最近一次更新失败' });
    await notice.waitFor();
    expect(await notice.innerText()).toContain('E_NOT_FOUND');
    expect(await notice.innerText()).toContain(failed?.id);
    expect(await page.evaluate('document.body.dataset.version')).toBe(before);
    expect(await page.evaluate(cutTexts)).toEqual([]);
    await home.as(CLERK, (service) => runCockpitRefresh(service, { asOf: '2026-11-03' }));
    await page.clock.runFor(NEXT_LOOK_MS);
    await notice.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.body.dataset.version')).not.toBe(before);
  });

  test('shows backups by kind with the last look at them, to the city alone', async () => {
    const { home } = world.console;
    expect(await (await visit()).locator('.backups').innerText()).toContain('尚无备份');
    await home.as(CLERK, async (service) => {
      const { backups } = await createBackups(service, { kinds: ['state'], isCopied: false });
      await verifyBackups(service, { ids: backups.map(({ id }) => id), depth: 'full' });
      await runCockpitRefresh(service, { asOf: '2026-11-03' });
    });
    const page = await visit();
    const cells = await page.locator('.backups tbody tr').locator('th, td').allInnerTexts();
    const [backup] = await world.console.service.ledger.backups.list();
    const day = backup?.createdAt.slice(0, 10);
    expect(cells).toEqual(['运行台账', day, day, '—']);
    await page.goto('/backups');
    const row = page.locator('tbody tr', { hasText: backup?.id ?? '' });
    expect(await row.innerText()).toContain('运行台账');
    expect(await row.innerText()).toContain('通过');
    expect(await (await visit({}, DISTRICT)).locator('.backups').isVisible()).toBe(false);
  });

  test('says of what is held back that findings alone are counted', async () => {
    const page = await visit();
    expect(await page.locator('.submissions').innerText()).toContain('暂缓仅计有数据问题的');
  });

  test("shows the bureau's own map in place of the tiles", async () => {
    const folder = world.console.home.path('definitions');
    const square = (x: number) => [
      [
        [x, 0],
        [x + 1, 0],
        [x + 1, 1],
        [x, 1],
        [x, 0],
      ],
    ];
    const features = [OWN, FOREIGN].map((adcode, place) => ({
      type: 'Feature',
      properties: { adcode },
      geometry: { type: 'Polygon', coordinates: square(place) },
    }));
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, 'districts.geojson'),
      JSON.stringify({ type: 'FeatureCollection', features }),
    );
    try {
      const page = await visit();
      await page.locator('.districts canvas').waitFor();
      expect(await page.locator('.map-tile').count()).toBe(0);
      // A window too small for any map: what a chart without extent throws is told of when the page closes.
      for (const viewport of [
        { width: 1, height: 1 },
        { width: 1366, height: 768 },
      ]) {
        await page.setViewportSize(viewport);
        await page.evaluate(
          'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
        );
      }
      await page.getByRole('button', { name: '切换为深色' }).click();
      expect((await page.locator('.districts canvas').boundingBox())?.height).toBeGreaterThan(50);
    } finally {
      rmSync(path.join(folder, 'districts.geojson'));
    }
  });

  test('shows a district its own figures and nothing of others', async () => {
    const page = await visit({}, DISTRICT);
    expect(await Promise.all(KEY_FIGURES.map((id) => shownFigure(page, id)))).toEqual(
      KEY_FIGURES.map((id) => inCsv(OWN, id)),
    );
    expect(await page.getByLabel('范围').locator('option').allInnerTexts()).toEqual(['东城区']);
    expect(await page.locator('main').innerText()).not.toMatch(/朝阳|海淀|全市/);
    expect(await page.locator('nav').innerText()).not.toMatch(/运行|备份|报送/);
    await page.locator('.tile[data-indicator="B01"] button').click();
    await page.locator('.drill-sheet tbody tr').first().waitFor();
    const bodies = await page.locator('.drill-sheet tbody td:nth-child(2)').allInnerTexts();
    expect(new Set(bodies)).toEqual(new Set(['东城区']));
  });

  test('prints light, on A4, without controls', async () => {
    const page = await visit({ colorScheme: 'dark' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.locator('.frame').isVisible()).toBe(false);
    expect(await page.locator('.toggle').first().isVisible()).toBe(false);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  });
});

/** Texts that do not fit into the element that holds them, nor into a place that scrolls. */
const cutTexts = `[...document.querySelectorAll('main *')]
  .filter((one) => one.children.length === 0 && one.textContent.trim() !== '' && one.offsetParent !== null)
  .filter((one) => one.closest('.wide, .unseen, select, .chart') === null)
  .filter((one) => {
    const panel = one.closest('.tile, .count, .panel')?.getBoundingClientRect();
    const own = one.getBoundingClientRect();
    return panel !== undefined && (own.right > panel.right + 1 || own.bottom > panel.bottom + 1);
  })
  .map((one) => one.className + ' ' + one.textContent.slice(0, 30))`;
