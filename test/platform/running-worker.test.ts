/** Replacing a worker. The workers here are fakes that only go through a worker's states. */
import { expect, it } from 'vitest';
import { runWorker, type Worker } from '../../src/platform/running-worker.ts';

/** A worker that, when it is shut down, ends as the test says. */
function scriptedWorker(ending: 'in good order' | 'by force') {
  let state: ReturnType<Worker['getState']> = 'RUNNING';
  let end = (): void => undefined;
  const run = new Promise<void>((resolve, reject) => {
    end = () => {
      state = ending === 'by force' ? 'FAILED' : 'STOPPED';
      if (ending === 'by force') reject(new Error('the grace period is over'));
      else resolve();
    };
  });
  const worker: Worker = {
    run: () => run,
    getState: () => state,
    shutdown: () => {
      state = 'STOPPING';
      setImmediate(end);
    },
  };
  return worker;
}

it('a worker that does not stop cleanly is replaced too, and the error is returned', async () => {
  const workers = [scriptedWorker('by force'), scriptedWorker('in good order')];
  const running = await runWorker(() => Promise.resolve(workers.shift() ?? scriptedWorker('in good order')));
  expect(await running.renew()).toMatchObject({ message: 'the grace period is over' });
  expect(workers).toHaveLength(0);
  expect(running.running()).toBe(true);
  expect(await running.renew()).toBeUndefined();
  await running.stop();
  expect(running.running()).toBe(false);
});

it('a worker that cannot be replaced ends with the reason', async () => {
  let made = 0;
  const running = await runWorker(() => {
    made += 1;
    return made === 1
      ? Promise.resolve(scriptedWorker('in good order'))
      : Promise.reject(new Error('no room'));
  });
  await expect(running.renew()).rejects.toThrow('no room');
  expect(await running.ended).toMatch(/no room/);
});
