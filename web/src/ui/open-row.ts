/**
 * Handles a click on a row of a list: follows the row's own link, the one with the attribute `data-opens`. Does nothing if the
 * click was on a control of its own, or selected text. With Ctrl or Cmd, or the middle button, it opens a new tab as a link does.
 */
export function openRow(event: MouseEvent): void {
  const row = event.currentTarget as HTMLElement;
  const target = event.target as Element;
  const inNewTab = event.ctrlKey || event.metaKey || event.button === 1;
  if (event.defaultPrevented || event.button > 1 || event.shiftKey || event.altKey) return;
  if (target.closest('a, button, input, label, select, summary, td.choice')) return;
  if (getSelection()?.isCollapsed === false) return;
  const link = row.querySelector<HTMLAnchorElement>('a[data-opens]');
  if (!link) return;
  if (inNewTab) {
    open(link.href, '_blank', 'noopener');
    return;
  }
  link.focus({ preventScroll: true });
  link.click();
}

/** The attributes of a row that opens by click. */
export const opens = { class: 'opens', onClick: openRow, onAuxClick: openRow };
