/** Reads the profiles that `node --cpu-prof` leaves in a folder, one for each thread. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerOf, owners, type Frame, type Owner } from './code-owner.ts';

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: Frame; children?: readonly number[] }[];
  /** Start of the profile in microseconds on the clock of `process.hrtime`. The deltas are in microseconds too. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface ThreadTimes {
  readonly thread: 'main thread' | 'workflow thread';
  readonly parts: { readonly what: Owner; readonly ms: number }[];
}

/** Returns the time per call that each thread spent within the span, by the owner of the code that ran. */
export async function readProfiles(folder: string, span: Span, calls: number): Promise<ThreadTimes[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile')).sort();
  return Promise.all(
    names.map(async (name) => {
      // CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile
      const thread = name.split('.').at(-3) === '0' ? 'main thread' : 'workflow thread';
      const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile;
      const times = timesOf(profile, span);
      const parts = owners.map((what) => ({ what, ms: (times.get(what) ?? 0) / 1_000 / calls }));
      return { thread, parts: parts.filter(({ ms }) => ms > 0) } as const;
    }),
  );
}

function timesOf({ nodes, startTime, samples, timeDeltas }: CpuProfile, span: Span): Map<Owner, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const known = new Map<number, Owner | undefined>();
  const owner = (id: number): Owner | undefined => {
    const stack: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = byId.get(at);
      if (node) stack.push(node.callFrame);
    }
    const [frame, ...callers] = stack;
    return frame && ownerOf(frame, callers);
  };
  const times = new Map<Owner, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    if (at < span.fromUs || at > span.toUs) continue;
    if (!known.has(id)) known.set(id, owner(id));
    const whose = known.get(id);
    if (whose) times.set(whose, (times.get(whose) ?? 0) + delta);
  }
  return times;
}
