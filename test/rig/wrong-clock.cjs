/** Preloaded by `node --require`: sets the clock of the process ahead by the ms in the file that WRONG_CLOCK names. */
const { readFileSync } = require('node:fs');

const RealDate = Date;
const file = process.env.WRONG_CLOCK;
let aheadMs = 0;

const look = () => {
  const set = Number(readFileSync(file, 'utf8'));
  if (Number.isFinite(set)) aheadMs = set;
};
look();
setInterval(look, 100).unref();

const now = () => RealDate.now() + aheadMs;
globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(
      target,
      args.length === 0 ? [now()] : args,
      newTarget === globalThis.Date ? target : newTarget,
    ),
  get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});
