import { useState } from 'preact/hooks';

export function CopyButton({ text, about }: { text: string; about: string }) {
  const [said, setSaid] = useState('Copy');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      setSaid('Select it and copy'); // Without https a browser has no clipboard for pages of other machines.
    }
  };
  return (
    <button type="button" class="small" aria-label={`${said} ${about}`} onClick={() => void copy()}>
      {said}
    </button>
  );
}
