import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

interface Canvas {
  toDataURL(): string;
}

/** The plot with this title: its drawing, whose label says what it shows. */
export function plotAt(page: Page, title: string): Locator {
  return page.getByRole('region', { name: title, exact: true }).getByRole('img');
}

/** What the plot shows in all, in words. */
export async function gistOf(page: Page, title: string): Promise<string> {
  const label = (await plotAt(page, title).getAttribute('aria-label')) ?? '';
  return label.replace(`${title}: `, '');
}

/** Opens the table behind a plot and returns the sums of its columns. */
export async function sumsOf(page: Page, title: string): Promise<Record<string, number>> {
  const region = page.getByRole('region', { name: title, exact: true });
  await region.locator('summary').click();
  const rows: string[][] = [];
  for (const row of await region.getByRole('row').all())
    rows.push(await row.locator('th, td').allInnerTexts());
  const [head = [], ...body] = rows;
  return Object.fromEntries(
    head
      .slice(1)
      .map((label, column) => [
        label,
        body.reduce((sum, cells) => sum + Number(cells[column + 1]?.replaceAll(',', '')), 0),
      ]),
  );
}

/** Waits until every plot is drawn, and checks that something is. */
export async function expectDrawn(page: Page, plots = 5): Promise<void> {
  await expect.poll(() => page.locator('[data-drawn]').count()).toBe(plots);
  const drawn = await page
    .locator('.plot-canvas canvas')
    .evaluateAll((found) => found.map((canvas) => (canvas as unknown as Canvas).toDataURL().length));
  for (const bytes of drawn) expect(bytes).toBeGreaterThan(1_000);
}
