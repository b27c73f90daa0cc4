/** Loads what the overview, or an agent's page, shows, and loads it again while the page is seen. */
import { useRef } from 'preact/hooks';
import type { FiguresAnswer } from '../../../src/contract/figures.ts';
import { may } from '../access/may.ts';
import { api } from '../api.ts';
import { useLoaded, type Loaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { ranges, type RangeName } from '../plots/range.tsx';

const refreshMs = 15_000;
const mostFailures = 10;

/** Figures, and the range that they are of. */
interface RangeFigures {
  readonly range: RangeName;
  readonly figures: FiguresAnswer;
}

/**
 * The figures of the range: of all agents, or of one, in each interval too. Until those of another range are there, the old
 * ones stay.
 */
export function useFigures(range: RangeName, agent?: string): Loaded<RangeFigures> {
  const { ms, step } = ranges[range];
  const loaded = useLoaded(range, async () => {
    const from = new Date(Date.now() - ms).toISOString();
    const ofAgent = agent === undefined ? {} : { agent, agents: 'true' };
    return { range, figures: await api.figures({ from, step, ...ofAgent }) };
  });
  useRepeated(refreshMs, loaded.reload);
  const last = useRef(loaded.value);
  last.current = loaded.value ?? last.current;
  return { ...loaded, value: last.current };
}

/** The registered agents and their health. */
export function useAgentStates() {
  const loaded = useLoaded('agents', async () => {
    const [{ agents }, { agents: healths }] = await Promise.all([api.agents(), api.healths()]);
    return { agents, healths };
  });
  useRepeated(refreshMs, loaded.reload);
  return loaded;
}

/** The last failed calls, and how many calls run now; those that named the agent, if one is given. */
export function useRecentCalls(agent?: string) {
  const loaded = useLoaded(agent ?? '', async () => {
    const [{ calls }, { running }] = await Promise.all([
      api.newestCalls({ status: 'failed', agent }, mostFailures),
      api.counts({ agent }),
    ]);
    return { calls, running };
  });
  useRepeated(refreshMs, loaded.reload);
  return loaded;
}

/** The running nodes; undefined to those who may not see them. */
export function useNodes() {
  const loaded = useLoaded('nodes', async () => (may('admin') ? (await api.nodes()).nodes : undefined));
  useRepeated(refreshMs, loaded.reload);
  return loaded;
}
