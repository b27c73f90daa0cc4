import { CopyButton } from '../ui/copy-button.tsx';

/** A shell command with a button that copies it. `about` says what the command does, for screen readers. */
export function Command({ text, about }: { text: string; about: string }) {
  return (
    <div class="command">
      <pre tabIndex={0} role="group" aria-label={about}>
        {text}
      </pre>
      <CopyButton text={text} about={about} />
    </div>
  );
}
