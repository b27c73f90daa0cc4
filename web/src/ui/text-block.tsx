/** Text of others, as text: kept as it was written, scrolled by keyboard too. */
export function TextBlock({ text, label }: { text: string; label: string }) {
  return (
    <pre class="text-block" tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
  );
}
