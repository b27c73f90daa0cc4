/** A signal that is aborted with `outer` or after `ms`. `end` lets go of both: `outer` may live much longer. */
export function startLimit(ms: number, outer: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  const timer = setTimeout(abort, ms);
  outer.addEventListener('abort', abort, { once: true });
  return {
    signal: limit.signal,
    end() {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}
