import { useEffect, useState } from 'preact/hooks';

/** The time, moving while `moving`; for what grows on the screen. */
export function useNow(moving: boolean, everyMs = 200): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!moving) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [moving, everyMs]);
  return now;
}
