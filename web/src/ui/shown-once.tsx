import { Command } from '../agents/command.tsx';
import { Dialog } from './dialog.tsx';

interface ShownOnceProps {
  readonly title: string;
  readonly text: string;
  /** What the text is, for screen readers. */
  readonly about: string;
  /** What to do for whoever has lost it. */
  readonly warning: string;
  /** Empty: there is none. */
  readonly note?: string;
  readonly onClose: () => void;
}

/** A dialog with a secret that is shown only now. It stays open until the user says that they have copied it. */
export function ShownOnce({ title, text, about, warning, note = '', onClose }: ShownOnceProps) {
  return (
    <Dialog title={title} onClose={onClose} insists>
      <div class="warning">
        <strong>Copy it now: it is not shown again</strong>
        <p>{warning}</p>
      </div>
      <Command text={text} about={about} />
      {note !== '' && <p role="status">{note}</p>}
      <div class="actions end">
        <button type="button" class="primary" onClick={onClose}>
          I have copied it
        </button>
      </div>
    </Dialog>
  );
}
