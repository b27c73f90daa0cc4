/**
 * What a list shows is kept in memory while its page is left, so that the browser's Back finds it as it was: the pages that were
 * loaded, the scroll position and the focus. A new visit, by a link, starts anew. Call these hooks when a page is first rendered.
 */
import { useLocation } from 'preact-iso/router';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { userOf, who } from '../access/who.ts';

/** How many values are kept. */
const maxKept = 60;
const kept = new Map<string, unknown>();

function keep(key: string, value: unknown): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
}

/** Whether the present entry of the browser's history was shown before, and the key of what is kept for it. */
function useVisit(name: string): { readonly key: string; readonly isReturn: boolean } {
  const { url } = useLocation();
  const key = `${who.value ? userOf(who.value) : ''} ${url} ${name}`;
  // Links and filters make entries without a state.
  const isReturn = useMemo(() => (history.state as { seen?: true } | null)?.seen === true, [url]);
  useLayoutEffect(() => history.replaceState({ seen: true }, ''), [url]);
  return { key, isReturn };
}

/** A state that is still there when one comes back to the page. `name` tells it from other states of the page. */
export function useKept<T>(name: string, initial: T): [T, (change: (before: T) => T) => void] {
  const { key, isReturn } = useVisit(name);
  const start = useMemo(() => {
    if (!isReturn) kept.delete(key);
    return kept.has(key) ? (kept.get(key) as T) : initial;
  }, [key, isReturn]);
  const [held, setHeld] = useState({ key, value: start });
  const change = (next: (before: T) => T): void =>
    setHeld((before) => {
      const value = next(before.key === key ? before.value : start);
      keep(key, value);
      return { key, value };
    });
  return [held.key === key ? held.value : start, change];
}

/** Restores the scroll position and the focused link when one comes back, as soon as the page is `ready`: has its rows. */
export function useKeptPlace(ready: boolean): void {
  const { key, isReturn } = useVisit('place');
  const restored = useRef('');
  useLayoutEffect(
    () => () => {
      const link = document.activeElement?.closest('main a')?.getAttribute('href');
      keep(key, { y: window.scrollY, link });
    },
    [key],
  );
  useLayoutEffect(() => {
    if (!ready || restored.current === key) return undefined;
    restored.current = key;
    const place = kept.get(key) as { y: number; link: string | undefined } | undefined;
    if (!isReturn || !place) return undefined;
    // After the desk has given the focus to the new page.
    const frame = requestAnimationFrame(() => {
      const links = [...document.querySelectorAll<HTMLAnchorElement>('main a')];
      links.find((one) => one.getAttribute('href') === place.link)?.focus({ preventScroll: true });
      scrollTo(0, place.y);
    });
    return () => cancelAnimationFrame(frame);
  }, [key, ready]);
}
