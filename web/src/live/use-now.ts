import { useEffect, useState } from 'preact/hooks';

/**
 * Returns the current time (epoch ms). While `moving`, updates it every `everyMs`, except in a hidden tab, for bars that grow.
 */
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
