import { words } from '../format.ts';

/** A state in a colour and in words; unknown ones are grey. */
export function Status({ of }: { of: string }) {
  return (
    <span class={`status status-${of}`}>
      <span class="dot" aria-hidden="true" />
      {words(of)}
    </span>
  );
}

export function ErrorType({ of }: { of: string }) {
  return <code class="error-type">{of}</code>;
}
