/** `npm run screenshots [-- NAME...]`: writes pictures of the desk's pages, light and dark, into docs/screenshots. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../src/platform/paths.ts';
import { runMain } from '../src/platform/shutdown.ts';
import { startAgent, type ScriptedAgent } from '../test/agents/scripted-agent.ts';
import { writeHour } from '../test/desk/figures-of-an-hour.ts';
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
    const stage: Stage = {
      http: node.http,
      async agent(name, script, registration = {}) {
        const agent = await startAgent(script);
        agents.push(agent);
        await node.http.register(name, agent.port, registration);
        return agent;
      },
    };
    await shootAll(browser, stage, node.dataDir);
  } finally {
    await browser.close();
    await node.node.stop();
    await Promise.all(agents.map((agent) => agent.close()));
  }
});

async function shootAll(browser: Browser, stage: Stage, dataDir: string): Promise<void> {
  await shoot(browser, stage.http.url, 'first-use', '/', 'By command');
  await writeHour(dataDir);
  const scene = await setScene(stage);
  const pages = {
    overview: ['/', /^Failovers$/],
    agent: ['/agents/planner', /^Try it$/],
    calls: ['/calls', 'support'],
    'calls-failed': ['/calls?status=failed', 'legacy-crm'],
    call: [`/calls/${scene.failedOver}`, 'planner'],
    'call-failed': [`/calls/${scene.failed}`, 'What if it ran today'],
    'call-running': [`/calls/${scene.running}`, /^Live$/],
    agents: ['/agents', 'support'],
    sessions: ['/sessions', scene.session],
    session: [`/sessions/${scene.session}`, 'Express delivery'],
  } as const;
  for (const [name, [path, text]] of Object.entries(pages))
    await shoot(browser, stage.http.url, name, path, text);
  await shootBatch(browser, stage);
}

/** Repairs an agent, reruns the failed calls in a batch and takes pictures of its pages. */
async function shootBatch(browser: Browser, stage: Stage): Promise<void> {
  const { http } = stage;
  await stage.agent('archive', () => ({ body: { content: 'Found.' } }));
  const order = { filter: { status: 'failed' }, rate_per_second: 20 };
  const { batch_id: id } = (await http.post('/api/vps/reruns', order)).body;
  await shoot(browser, http.url, 'batch', `/batches/${String(id)}`, /^succeeded$/);
  await shoot(browser, http.url, 'batches', '/batches', /^completed$/);
}

async function shoot(
  browser: Browser,
  url: string,
  name: string,
  path: string,
  text: string | RegExp,
): Promise<void> {
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
      await shrink(file);
      console.log(file);
      await context.close();
    }
}

/** Compresses a picture with pngquant, if that is installed, to a third of its size without a visible difference. */
async function shrink(file: string): Promise<void> {
  await promisify(execFile)('pngquant', ['--force', '--ext', '.png', '64', file]).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}

/** Waits until no part of the page is loading any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  for (const plot of await page.locator('.plot-canvas').all())
    await plot.and(page.locator('[data-drawn]')).waitFor();
}
