import { useState } from 'preact/hooks';
import { count } from '../format.ts';

const shownCharacters = 2_000;
const shownLines = 30;

/** Shows only the beginning of a long text until it is unfolded; then the text scrolls in its own box. */
export function LongText({ text, label }: { text: string; label: string }) {
  const [open, setOpen] = useState(false);
  const beginning = beginningOf(text);
  if (beginning.length === text.length) return <>{text}</>;
  return (
    <>
      {open ? (
        <span class="unfolded" tabIndex={0} role="group" aria-label={label}>
          {text}
        </span>
      ) : (
        `${beginning}… `
      )}
      <button type="button" class="small" onClick={() => setOpen(!open)}>
        {open ? 'Fold' : `All ${count(text.length)} characters`}
      </button>
    </>
  );
}

function beginningOf(text: string): string {
  const lines = text.slice(0, shownCharacters).split('\n', shownLines).join('\n');
  // Half of a surrogate pair is not a character.
  return lines.length < text.length ? lines.replace(/[\ud800-\udbff]$/, '') : text;
}
