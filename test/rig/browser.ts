/** A real browser for the tests of the desk. A test fails if a page logs an error, e.g. a violation of its CSP. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.ts';
import { foundHere } from './found-here.ts';

export function findBrowser(): string | undefined {
  const found = findChromium();
  foundHere('Chromium', found !== undefined);
  return found;
}

/** Part of the title of skipped tests. */
export const whyNoBrowser =
  findBrowser() === undefined ? ' (skipped: no Chromium here, set CHROMIUM_PATH or install chromium)' : '';

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error('No Chromium: install it or set CHROMIUM_PATH');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', // Tests run as root in containers, where Chromium's own sandbox does not.
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP *.example 127.0.0.1', // Tests use these names for other machines.
    ],
  });
}

export interface WatchedPage {
  readonly page: Page;
  /** Errors that the page has logged so far. */
  readonly complaints: readonly string[];
}

/** `expected`: messages that the test provokes, e.g. by a lost connection. They are ignored. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions,
  expected: readonly RegExp[] = [],
): Promise<WatchedPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  const complain = (text: string): void => {
    if (!expected.some((pattern) => pattern.test(text))) complaints.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complain(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complain(String(error)));
  return { page, complaints };
}
