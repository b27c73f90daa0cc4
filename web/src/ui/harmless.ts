/**
 * Texts of others are shown, never obeyed: marks that turn the direction of what follows are written out wherever the
 * desk renders text, so that no page has to think of it. Values of inputs stay as they are.
 */
import { options, type VNode } from 'preact';

/** Embeddings, overrides and isolates. */
const turning = /[\u202a-\u202e\u2066-\u2069]/g;
const shown = ['title', 'aria-label', 'placeholder', 'download'] as const;

export function harmless(text: string): string {
  return text.replaceAll(turning, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`);
}

const before = options.vnode?.bind(options);
options.vnode = (vnode: VNode) => {
  // A text is a node without a type, its props the text itself.
  const text = vnode as { type: unknown; props: unknown };
  if (text.type === null && typeof text.props === 'string') text.props = harmless(text.props);
  else if (typeof text.type === 'string') cleanAttributes(text.props as Record<string, unknown>);
  before?.(vnode);
};

function cleanAttributes(props: Record<string, unknown>): void {
  for (const name of shown) {
    const value = props[name];
    if (typeof value === 'string') props[name] = harmless(value);
  }
}
