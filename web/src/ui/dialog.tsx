import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Keeps the dialog open on Escape and on a click beside it: only `onClose` of its own content closes it. */
  readonly insists?: boolean;
  readonly children: ComponentChildren;
}

/**
 * A modal dialog that is open while it is rendered. The browser keeps the focus inside, closes it on Escape and then restores
 * the focus.
 */
export function Dialog({ title, onClose, insists = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      onClose={() => {
        // A browser lets a page prevent only one of several Escapes.
        if (insists) element.current?.showModal();
        else onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current && !insists) onClose();
      }}
      onCancel={(event) => {
        if (insists) event.preventDefault();
      }}
    >
      <div class="dialog-body">
        <h2 id={titleId}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
