/**
 * Preloaded by --require into a node whose memory is measured, and so into its workflow threads (--import is not): on SIGUSR2 all of
 * them collect garbage, so that what is read after it is held, not merely not yet freed. Needs --expose-gc.
 */
const { isMainThread } = require('node:worker_threads');

const told = new BroadcastChannel('collect-garbage');
if (isMainThread)
  process.on('SIGUSR2', () => {
    told.postMessage('now');
    globalThis.gc();
  });
else told.onmessage = () => globalThis.gc();
told.unref();
