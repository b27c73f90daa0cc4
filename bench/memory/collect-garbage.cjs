/**
 * Preloaded by --require into a node whose memory is measured, also into its workflow threads (--import is not). On SIGUSR2 all
 * threads collect garbage, so that memory read afterwards is really held, not just not freed yet. Needs --expose-gc.
 */
const { isMainThread } = require('node:worker_threads');

const channel = new BroadcastChannel('collect-garbage');
if (isMainThread)
  process.on('SIGUSR2', () => {
    channel.postMessage('now');
    globalThis.gc();
  });
else channel.onmessage = () => globalThis.gc();
channel.unref();
