/** A node and a browser for a test file. An error in a page's console fails the test that opened the page. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { useNode, type NodeInUse } from '../api/use-node.ts';
import { launchBrowser, openPage } from '../rig/browser.ts';
import type { Environment } from '../rig/test-node.ts';

/** The node and the browser of a test file. */
export interface DeskInUse {
  readonly node: NodeInUse;
  readonly browser: () => Browser;
  /** Opens a page at `path` of the node. `expected`: console errors that the test causes on purpose. */
  open(path: string, options?: BrowserContextOptions, expected?: readonly RegExp[]): Promise<Page>;
}

export function useDesk(environment: Environment = {}): DeskInUse {
  const node = useNode(environment);
  const browser = useBrowser();
  return { node, browser, open: (path, ...rest) => openWatched(browser(), node.http.url + path, ...rest) };
}

export function useBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error('The browser runs only within tests');
    return browser;
  };
}

export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  expected: readonly RegExp[] = [],
): Promise<Page> {
  const { page, complaints } = await openPage(browser, options, expected);
  onTestFinished(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });
  await page.goto(url);
  return page;
}
