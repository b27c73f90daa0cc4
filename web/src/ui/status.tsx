import type { ComponentChildren } from 'preact';
import { words } from '../format.ts';

/** The state of a call, an agent or a batch, as a coloured dot and in words, or `children`. Unknown states are grey. */
export function Status({ of, children = words(of) }: { of: string; children?: ComponentChildren }) {
  return (
    <span class={`status status-${of}`}>
      <span class="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** An error type, as code. */
export function ErrorType({ of }: { of: string }) {
  return <code class="error-type">{of}</code>;
}
