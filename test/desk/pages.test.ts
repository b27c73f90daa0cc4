/** Every page in both themes, at the width of a phone and of a screen: fully visible and accessible (axe). */
import { beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { setScene, type Scene } from './scene.ts';
import { useDesk } from './use-desk.ts';

const looks = (['light', 'dark'] as const).flatMap((colorScheme) => [
  { colorScheme, viewport: { width: 390, height: 844 } },
  { colorScheme, viewport: { width: 1440, height: 900 } },
]);
type Look = (typeof looks)[number];
const lookName = ({ colorScheme, viewport }: Look): string => `${colorScheme} at ${viewport.width} px`;

/** The pages: name, path, and a text that appears when they have loaded. */
const pages: readonly (readonly [string, (scene: Scene) => string, string])[] = [
  ['the overview', () => '/', 'planner'],
  ['the list of calls', () => '/calls', 'planner'],
  ['the list of failed calls', () => '/calls?status=failed&agent=legacy-crm', 'auth'],
  ['an empty list', () => '/calls?text=nothing-begins-so', 'No call matches'],
  ['a call that failed over', ({ failedOver }) => `/calls/${failedOver}`, 'from support'],
  ['a failed call', ({ failed }) => `/calls/${failed}`, 'would be asked'],
  ['a running call', ({ running }) => `/calls/${running}`, 'Compare our couriers'],
  ['two calls compared', ({ failed, failedOver }) => `/calls/${failed}/compare/${failedOver}`, 'differs'],
  ['a call that does not exist', () => '/calls/nothing', 'No such call'],
  ['the agents', () => '/agents', 'unreachable'],
  ['an agent', () => '/agents/support', 'Is a fallback of'],
  ['the sessions', () => '/sessions', 'order-1042'],
  ['a session', ({ session }) => `/sessions/${session}`, 'Express delivery'],
  ['the batches', () => '/batches', 'No batches yet'],
  ['the webhooks', () => '/webhooks', 'No webhooks yet'],
];

describe.skipIf(findBrowser() === undefined)(`the pages${whyNoBrowser}`, () => {
  const desk = useDesk();
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene(desk.node);
  });

  const notFound = [/status of 404/];
  describe.each(pages)('%s', (_what, pathOf, text) => {
    it.each(looks.map((look) => [lookName(look), look] as const))(
      'is fully visible and accessible, %s',
      async (_name, look) => {
        const page = await desk.open(pathOf(scene), look, notFound);
        await page.locator('main').getByText(text).filter({ visible: true }).first().waitFor();
        await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
        expect(await axeFindings(page)).toEqual([]);
        expect(await overflowPx(page)).toBe(0);
      },
    );
  });
});

describe.skipIf(findBrowser() === undefined)(`a node without agents${whyNoBrowser}`, () => {
  const desk = useDesk();

  it.each(looks.map((look) => [lookName(look), look] as const))(
    'shows the first steps, %s',
    async (_name, look) => {
      const page = await desk.open('/', look);
      await page.getByText(`curl -s ${desk.node.http.url}/api/vps/register`).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      expect(await overflowPx(page)).toBe(0);
    },
  );
});
