/** A real browser over a console: every page is watched for errors and for requests that leave the machine. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { type Client, PASSWORD } from './support.ts';

const CHROMIUM = '/usr/bin/chromium';
export const hasBrowser = existsSync(CHROMIUM);

/** Without a user's namespace the browser's own sandbox does not start; as root it refuses to. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface PageOptions extends BrowserContextOptions {
  /** Who is signed in already. */
  readonly as?: Client;
  /** What the browser tells of and the test expects. */
  readonly expected?: RegExp;
}

/**
 * A page of a new visitor. When the test ends, anything that the browser complained of, and any request to another
 * place, fails it.
 */
export async function openPage(browser: Browser, port: number, options: PageOptions = {}): Promise<Page> {
  const { expected, as, ...context } = options;
  const origin = `http://127.0.0.1:${port}`;
  const opened = await browser.newContext({
    baseURL: origin,
    locale: 'zh-CN',
    viewport: { width: 1366, height: 768 },
    reducedMotion: 'reduce',
    ...context,
  });
  if (as !== undefined) {
    const [name = '', value = ''] = as.cookie.split('=');
    await opened.addCookies([{ name, value, url: origin, httpOnly: true, sameSite: 'Strict' }]);
  }
  const troubles: string[] = [];
  await opened.route(
    (url) => url.origin !== origin,
    async (route) => {
      troubles.push(`a request left the machine: ${route.request().url()}`);
      await route.abort();
    },
  );
  const page = await opened.newPage();
  page.on('console', (message) => {
    const isTrouble =
      ['error', 'warning'].includes(message.type()) && expected?.test(message.text()) !== true;
    if (isTrouble) troubles.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => troubles.push(String(error.stack ?? error)));
  onTestFinished(async () => {
    await opened.close();
    expect(troubles).toEqual([]);
  });
  return page;
}

/** Sign in through the page, and go on to where one wanted to. */
export async function signIn(page: Page, name: string, next = '/'): Promise<void> {
  await page.goto(next === '/' ? '/sign-in' : `/sign-in?${new URLSearchParams({ next })}`);
  await page.getByLabel('账号').fill(name);
  await page.getByLabel('口令').fill(PASSWORD);
  await page.getByRole('button', { name: '登录' }).click();
  await page.waitForURL((url) => `${url.pathname}${url.search}` === next);
}

/** The cockpit, drawn. */
export async function openCockpit(page: Page): Promise<void> {
  await page.goto('/');
  await page.locator('.tile').first().waitFor();
}

/** The figure of a tile, as it is shown. */
export async function shownFigure(page: Page, indicator: string): Promise<string> {
  const text = await page.locator(`.tile[data-indicator="${indicator}"] .value`).innerText();
  return text.replace(/[^\d.—−]/g, '').replace('−', '-');
}

/** Texts whose contrast with what is behind them is below WCAG's 4.5 (3 where they are large), as the browser draws them. */
export async function paleTexts(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = (element) => {
      for (let one = element; one !== null; one = one.parentElement) {
        const colour = parse(getComputedStyle(one).backgroundColor);
        if (colour.length === 3 || colour[3] > 0.99) return colour;
      }
      return [255, 255, 255];
    };
    const pale = [];
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
      if (!own || element.closest('.unseen, option') !== null || element.offsetParent === null) continue;
      const style = getComputedStyle(element);
      const [a, b] = [light(parse(style.color)), light(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      if (contrast < least) pale.push(contrast.toFixed(2) + ' ' + element.className + ' ' + element.textContent.slice(0, 20));
    }
    return [...new Set(pale)];
  })()`);
}
