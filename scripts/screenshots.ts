/** `npm run screenshots [-- NAME...]`: pictures of the desk's pages, light and dark, into docs/screenshots. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../src/platform/paths.ts';
import { runMain } from '../src/platform/shutdown.ts';
import { startAgent, type ScriptedAgent } from '../test/agents/scripted-agent.ts';
import { setScene, type Stage } from '../test/desk/scene.ts';
import { launchBrowser } from '../test/rig/browser.ts';
import { startTestNode } from '../test/rig/test-node.ts';

const folder = join(packageRoot, 'docs', 'screenshots');
const chosen = process.argv.slice(2);
const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

await runMain(async () => {
  await mkdir(folder, { recursive: true });
  const node = await startTestNode();
  const agents: ScriptedAgent[] = [];
  const browser = await launchBrowser();
  try {
    await shootAll(browser, {
      http: node.http,
      async agent(name, script, registration = {}) {
        const agent = await startAgent(script);
        agents.push(agent);
        await node.http.register(name, agent.port, registration);
        return agent;
      },
    });
  } finally {
    await browser.close();
    await node.node.stop();
    await Promise.all(agents.map((agent) => agent.close()));
  }
});

async function shootAll(browser: Browser, stage: Stage): Promise<void> {
  await shoot(browser, stage.http.url, 'first-use', '/agents', 'By command');
  const scene = await setScene(stage);
  const pages = {
    calls: ['/calls', 'support'],
    'calls-failed': ['/calls?status=failed', 'legacy-crm'],
    call: [`/calls/${scene.failedOver}`, 'planner'],
    'call-failed': [`/calls/${scene.failed}`, 'What if it ran today'],
    'call-running': [`/calls/${scene.running}`, 'research'],
    agents: ['/agents', 'support'],
    sessions: ['/sessions', scene.session],
    session: [`/sessions/${scene.session}`, 'Express delivery'],
  } as const;
  for (const [name, [path, text]] of Object.entries(pages))
    await shoot(browser, stage.http.url, name, path, text);
}

async function shoot(browser: Browser, url: string, name: string, path: string, text: string): Promise<void> {
  if (chosen.length > 0 && !chosen.includes(name)) return;
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries(sizes)) {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      await page.goto(url + path);
      await page.locator('main').getByText(text).first().waitFor();
      await settled(page);
      const file = join(folder, `${name}-${size}-${colorScheme}.png`);
      await page.screenshot({ path: file, fullPage: true });
      console.log(file);
      await context.close();
    }
}

/** What a page asked for beside its stream has come. */
async function settled(page: Page): Promise<void> {
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
}
