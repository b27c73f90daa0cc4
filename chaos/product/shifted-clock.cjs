// Preloaded by `node --require`, also into worker threads. Shifts the clock of the process by the number of milliseconds in
// the file CHAOS_CLOCK_FILE, which is read again and again. Timers and performance.now() are not affected, as on a machine
// whose clock jumps.
const { readFileSync } = require('node:fs');

const readEveryMs = 100;
const TrueDate = Date;
let shiftMs = 0;

function readShift() {
  try {
    shiftMs = Number(readFileSync(process.env.CHAOS_CLOCK_FILE, 'utf8')) || 0;
  } catch {
    shiftMs = 0;
  }
}

const now = () => TrueDate.now() + shiftMs;
readShift();
setInterval(readShift, readEveryMs).unref();
globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
  apply: () => new TrueDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
