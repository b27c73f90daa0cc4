/**
 * `npm run simulate`: what figures cost at 1,000 calls/s with 20 agents. One hour of endings is made up, counted, written and
 * folded, and the hour is then repeated for the other hours of a week, to be read. Nothing else of the product runs.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ending } from '../src/domain/ending.ts';
import { stepMs, type Step } from '../src/domain/figures-step.ts';
import { createFileStore } from '../src/payloads/file-store.ts';
import { FigureFiles, type StoredFigures } from '../src/services/figures/figure-files.ts';
import { FigureWriter } from '../src/services/figures/figure-writer.ts';
import { sumOf } from '../src/services/figures/fold-hour.ts';
import { Figures } from '../src/services/figures/figures.ts';

const callsPerSecond = Number(process.argv[2] ?? 1_000);
const agentCount = 20;
const keptDays = 90;
const firstDay = Date.UTC(2026, 10, 23);

const folder = await mkdtemp(join(tmpdir(), 'holdfast-simulate-'));
try {
  await simulate(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function simulate(path: string): Promise<void> {
  const files = new FigureFiles(createFileStore(path));
  const sizeOf = async (key: string): Promise<number> =>
    (await stat(join(path, 'figures/2026-11-23', key))).size;
  const writer = new FigureWriter(files);
  let addMs = 0;
  let closeMs = 0;
  let minuteBytes = 0;
  for (let minute = firstDay; minute < firstDay + stepMs.hour; minute += stepMs.minute) {
    const endings = madeUp(minute);
    addMs += await timed(() => endings.forEach((one) => writer.add(one)));
    // The last one folds the hour, too.
    const tookMs = await timed(() => writer.closeUntil(minute + stepMs.minute));
    if (minute + stepMs.minute < firstDay + stepMs.hour) {
      closeMs += tookMs / 59;
      minuteBytes +=
        (await sizeOf(`00/${String((minute - firstDay) / stepMs.minute).padStart(2, '0')}.gz`)) / 59;
    } else show('fold an hour', inMs(tookMs));
  }
  show('count one ending', `${((addMs * 1_000) / (3_600 * callsPerSecond)).toFixed(1)} µs`);
  show('write a minute', `${inMs(closeMs)}, ${inKib(minuteBytes)}`);
  await repeatForAWeek(files);
  const perDay = 24 * (await sizeOf('00.gz')) + (await sizeOf('day.gz'));
  show('an hour', inKib(await sizeOf('00.gz')));
  show('a day', inKib(await sizeOf('day.gz')));
  show(`${keptDays} days`, `${((keptDays * perDay) / 2 ** 20).toFixed(0)} MiB`);
  for (const [days, step] of [
    [1 / 24, 'minute'],
    [1, 'minute'],
    [1, 'hour'],
    [7, 'hour'],
    [7, 'day'],
  ] as const)
    await read(new Figures(files), days, step);
}

async function read(figures: Figures, days: number, step: Step): Promise<void> {
  const to = firstDay + 7 * stepMs.day;
  const wish = { from: to - days * stepMs.day, to, step, project: '*', agentsByInterval: false };
  show(`read ${days * 24} h by ${step}`, inMs(await timed(() => figures.between(wish))));
}

/** Writes the simulated hour as every other hour of the week. */
async function repeatForAWeek(files: FigureFiles): Promise<void> {
  const minutes = await files.foldedMinutes(firstDay);
  const { rows } = await sumOf(firstDay, minutes);
  for (let day = firstDay; day < firstDay + 7 * stepMs.day; day += stepMs.day) {
    const hours: StoredFigures[] = [];
    for (let at = day; at < day + stepMs.day; at += stepMs.hour) {
      hours.push({ at, rows });
      await files.writeHour(
        { at, rows },
        minutes.map((one) => ({ ...one, at: one.at - firstDay + at })),
      );
    }
    await files.writeDay(await sumOf(day, hours), hours);
  }
  await files.writeClosedUntil(firstDay + 7 * stepMs.day);
}

/** The endings of a minute. Agents take from 0.3 to 6 s in the middle; 2 % of the calls fail over, every tenth waits its turn. */
function madeUp(minute: number): Ending[] {
  return Array.from({ length: 60 * callsPerSecond }, (_, index) => {
    const number = Math.floor(Math.random() * agentCount);
    const agent = `agent-${number}`;
    const attempts = [{ agent, tries: 1, latencyMs: around(300 * (1 + number)) }];
    const failsOver = Math.random() < 0.02;
    const answeredBy = failsOver ? `agent-${(number + 1) % agentCount}` : agent;
    const failed = { agent, errorType: 'timeout', tries: 3, latencyMs: around(9_000) } as const;
    const queuedMs = Math.random() < 0.1 ? around(2_000) : 0;
    const all = failsOver ? [failed, { agent: answeredBy, tries: 1, latencyMs: around(500) }] : attempts;
    const agentsMs = all.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
    const endedAt = minute + Math.floor(index / callsPerSecond) * 1_000;
    return {
      callId: `call-${minute}-${index}`,
      runId: `00000000-0000-4000-8000-${minute}${index}`,
      agent,
      answeredBy,
      outcome: 'completed',
      startedAt: endedAt - agentsMs - queuedMs - around(20),
      endedAt,
      queuedMs,
      attempts: all,
    };
  });
}

/** A duration of a log-normal distribution with this median, in whole ms: as a rule between a third and three times of it. */
function around(medianMs: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Math.max(1, Math.round(medianMs * Math.exp(0.5 * normal)));
}

async function timed(action: () => unknown): Promise<number> {
  const from = performance.now();
  await action();
  return performance.now() - from;
}

function inMs(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

function inKib(bytes: number): string {
  return `${(bytes / 1_024).toFixed(0)} KiB`;
}

function show(what: string, cost: string): void {
  process.stdout.write(`${what.padEnd(24)}${cost}\n`);
}
