import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface OlderMessagesProps {
  /** How many messages are shown. When it grows, older ones were added above. */
  readonly shown: number;
  readonly hasOlder: boolean;
  readonly onOlder: () => void;
  readonly children: ComponentChildren;
}

/**
 * Shows messages, oldest first, and loads older ones when their beginning is scrolled into view. If there are older ones, the
 * page opens at the newest message. What is in view stays in view when older messages are added.
 */
export function OlderMessages({ shown, hasOlder, onOlder, children }: OlderMessagesProps) {
  const button = useRef<HTMLButtonElement>(null);
  const height = useRef<number | undefined>(undefined);
  const load = useRef(onOlder);
  load.current = onOlder;

  useLayoutEffect(() => {
    const page = document.documentElement;
    if (height.current !== undefined) page.scrollTop += page.scrollHeight - height.current;
    else if (hasOlder) page.scrollTop = page.scrollHeight;
    height.current = page.scrollHeight;
  }, [shown]);
  useEffect(() => {
    if (!button.current) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) load.current();
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [shown, hasOlder]);
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
