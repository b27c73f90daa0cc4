/** Shifts the clock of a process by minutes relative to the clocks of the Temporal server and the agents. */
import { pause, until } from '../pause.ts';
import { everyFacade, type Fault } from './fault.ts';

const minuteMs = 60_000;

/**
 * Shifts the clock while the process works, or restarts the process with a wrong clock; later sets the clock right. Calls must
 * succeed all the time, so the fault lasts long enough for some of them.
 */
const wrongClock: Fault = async ({ product, random }) => {
  const one = random.pick(product.holdfast);
  const shiftMs = random.pick([-1, 1]) * random.whole(1, 10) * minuteMs + random.whole(0, minuteMs);
  const fromStart = random.chance(0.5);
  const ms = random.whole(4_000, 9_000);
  await one.shiftClock(shiftMs);
  if (fromStart) {
    one.signal('SIGKILL');
    await until(() => one.ready, 60_000);
  }
  await pause(ms);
  await one.shiftClock(0);
  const what = `${one.name} ${shiftMs > 0 ? 'ahead' : 'behind'} by ${Math.abs(shiftMs / 1_000)} s for ${ms} ms${fromStart ? ', from its start' : ''}`;
  return { what, at: Date.now(), touched: everyFacade(product) };
};

export const clocks = { 'wrong-clock': wrongClock };
