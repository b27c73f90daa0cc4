import { useEffect, useRef } from 'preact/hooks';

/** Runs `work` now and then while the tab is seen, the next time only after the last has ended. */
export function useRepeated(everyMs: number, work: () => Promise<void>): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const turn = (): void => {
      timer = setTimeout(() => {
        if (document.hidden) turn();
        else void latest.current().finally(turn);
      }, everyMs);
    };
    turn();
    return () => clearTimeout(timer);
  }, [everyMs]);
}
