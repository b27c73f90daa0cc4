// Loaded before the product (`node --require`), in its worker threads too: its clock is wrong by as many milliseconds as the
// file CHAOS_CLOCK_FILE says from moment to moment. Timers and performance.now() go on as on a machine whose clock jumps.
const { readFileSync } = require('node:fs');

const lookEveryMs = 100;
const TrueDate = Date;
let shiftMs = 0;

function look() {
  try {
    shiftMs = Number(readFileSync(process.env.CHAOS_CLOCK_FILE, 'utf8')) || 0;
  } catch {
    shiftMs = 0;
  }
}

const now = () => TrueDate.now() + shiftMs;
look();
setInterval(look, lookEveryMs).unref();
globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
  apply: () => new TrueDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
