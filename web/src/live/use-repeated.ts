import { useEffect, useRef } from 'preact/hooks';

/** Runs `work` repeatedly: each run starts `everyMs` after the previous one has ended. Pauses while the tab is hidden. */
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
