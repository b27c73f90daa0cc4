/**
 * Importing this file makes every Unicode mark that changes the reading direction visible, as `[U+202E]`, in all text that the
 * desk renders. With such marks, text of agents or users could pose as other text. Values of inputs do not change.
 */
import { options, type VNode } from 'preact';

/** The Unicode marks that change the reading direction: embeddings, overrides and isolates. */
const bidiMarks = /[\u202a-\u202e\u2066-\u2069]/g;
const shownAttributes = ['title', 'aria-label', 'placeholder', 'download'] as const;

/**
 * Replaces each mark by its code point, e.g. `[U+202E]`. Call it only for text that Preact does not render, such as the title
 * of the document.
 */
export function showBidiMarks(text: string): string {
  return text.replaceAll(bidiMarks, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`);
}

const before = options.vnode?.bind(options);
options.vnode = (vnode: VNode) => {
  // Preact represents text as a node whose type is null and whose props are the text.
  const text = vnode as { type: unknown; props: unknown };
  if (text.type === null && typeof text.props === 'string') text.props = showBidiMarks(text.props);
  else if (typeof text.type === 'string') cleanAttributes(text.props as Record<string, unknown>);
  before?.(vnode);
};

function cleanAttributes(props: Record<string, unknown>): void {
  for (const name of shownAttributes) {
    const value = props[name];
    if (typeof value === 'string') props[name] = showBidiMarks(value);
  }
}
