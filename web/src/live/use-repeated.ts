import { useEffect, useRef } from 'preact/hooks';

/** Runs `work` repeatedly, `everyMs` after its previous run has ended, but not while the tab is hidden. */
export function useRepeated(everyMs: number, work: () => Promise<void>): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const schedule = (): void => {
      timer = setTimeout(() => {
        if (document.hidden) schedule();
        else void latest.current().finally(schedule);
      }, everyMs);
    };
    schedule();
    return () => clearTimeout(timer);
  }, [everyMs]);
}
