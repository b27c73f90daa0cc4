import { useEffect, useRef } from 'preact/hooks';

/**
 * Runs `work` repeatedly: each run starts `everyMs` after the previous one has ended. Pauses while the tab is hidden; a run that
 * was left out starts as soon as the tab is seen again.
 */
export function useRepeated(everyMs: number, work: () => Promise<void>): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    let isDue = false;
    const run = (): void => {
      isDue = document.hidden;
      if (!isDue) void latest.current().finally(schedule);
    };
    const schedule = (): void => {
      if (!isOver) timer = setTimeout(run, everyMs);
    };
    const runDue = (): void => {
      if (isDue) run();
    };
    document.addEventListener('visibilitychange', runDue);
    schedule();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', runDue);
    };
  }, [everyMs]);
}
