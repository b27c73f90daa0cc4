import type { Page } from 'playwright-core';

/** Fills in the form of the desk's sign-in page. */
export async function submitKey(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
