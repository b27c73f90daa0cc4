import { useEffect, useState } from 'preact/hooks';

const shownMs = 3_000;

/** A button that copies `text` to the clipboard. `about` says what the text is, for screen readers. */
export function CopyButton({ text, about }: { text: string; about: string }) {
  const [label, setLabel] = useState('Copy');
  useEffect(() => {
    if (label === 'Copy') return undefined;
    const timer = setTimeout(() => setLabel('Copy'), shownMs);
    return () => clearTimeout(timer);
  }, [label]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setLabel('Copied');
    } catch {
      setLabel('Select it and copy'); // Over plain HTTP, browsers offer the clipboard only to pages of this machine.
    }
  };
  return (
    <button type="button" class="small" aria-label={`${label} ${about}`} onClick={() => void copy()}>
      {label}
    </button>
  );
}
