import { useEffect, useState } from 'preact/hooks';

/** The current time in ms. While `moving`, it is updated every `everyMs` (not in a hidden tab), for bars that grow. */
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
