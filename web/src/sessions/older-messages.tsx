import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface OlderMessagesProps {
  /** The number of the first message that is shown. When it falls, older ones were added above. */
  readonly first: number;
  /** The number of the message after the last one. When it grows, newer ones were added below. */
  readonly end: number;
  readonly hasOlder: boolean;
  readonly onOlder: () => void;
  readonly children: ComponentChildren;
}

/** Who is this near to the end of the page, in px, is taken to read the newest message. */
const nearPx = 120;

/**
 * Shows messages, oldest first, and loads older ones when their beginning is scrolled into view. If there are older ones, the
 * page opens at the newest message. What is in view stays in view when older messages are added; who reads the newest message
 * sees the next one.
 */
export function OlderMessages({ first, end, hasOlder, onOlder, children }: OlderMessagesProps) {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef<{ readonly first: number; readonly height: number } | undefined>(undefined);
  const load = useRef(onOlder);
  load.current = onOlder;

  useLayoutEffect(() => {
    const page = document.documentElement;
    const had = before.current;
    if (!had) {
      if (hasOlder) page.scrollTop = page.scrollHeight;
    } else if (first < had.first) page.scrollTop += page.scrollHeight - had.height;
    else if (page.scrollTop > 0 && page.scrollTop + page.clientHeight > had.height - nearPx)
      page.scrollTop = page.scrollHeight;
    before.current = { first, height: page.scrollHeight };
  }, [first, end]);
  useEffect(() => {
    if (!button.current) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) load.current();
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [first, hasOlder]);
  return (
    <>
      {hasOlder && (
        <div class="actions center">
          <button type="button" ref={button} onClick={onOlder}>
            Older messages
          </button>
        </div>
      )}
      {children}
    </>
  );
}
