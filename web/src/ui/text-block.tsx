/** A prompt or answer with its whitespace; it can be scrolled with the keyboard. */
export function TextBlock({ text, label }: { text: string; label: string }) {
  return (
    <pre class="text-block" tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
  );
}
