/** An entry point as a process of its own, for tests to signal. Its argument selects what it does. */
import { Cleanups, exitAtLatest, runMain, stopSignal } from '../../src/platform/shutdown.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { createLog } from '../../src/platform/logging.ts';

const never = new Promise<never>(() => setInterval(() => undefined, 60_000));

async function untilSignal(): Promise<void> {
  const signal = stopSignal();
  void never;
  console.log('ready');
  console.log(`stopping on ${await signal}`);
}

const ways: Record<string, () => Promise<void>> = {
  returns: () => Promise.resolve(),
  'returns with a timer left': () => Promise.resolve(void never),
  refuses: () => Promise.reject(new StartupError('Set HOLDFAST_PORT to a free one')),
  breaks: () => Promise.reject(new Error('a bug')),
  'stops on a signal': untilSignal,
  'hangs while stopping': async () => {
    await untilSignal();
    return never;
  },
  'hangs while stopping, with a limit': async () => {
    await untilSignal();
    exitAtLatest(1);
    return never;
  },
  'fails while stopping': async () => {
    const cleanups = new Cleanups(createLog('warn'));
    cleanups.add('worker', () => Promise.reject(new Error('it hangs')));
    try {
      await untilSignal();
    } finally {
      await cleanups.run();
    }
  },
};

await runMain(ways[process.argv[2] ?? ''] ?? (() => Promise.reject(new Error('no such way'))));
