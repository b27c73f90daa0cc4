import { useState } from 'preact/hooks';
import type { ImportReport } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { Problem } from '../http.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { notify } from '../ui/notice.tsx';

/** A button that imports a file of exported sessions. Sessions that exist already do not change. */
export function ImportButton({ onImported }: { onImported: () => void }) {
  const [report, setReport] = useState<ImportReport>();
  const importFile = async (values: FormData): Promise<void> => {
    const file = values.get('file');
    if (!(file instanceof File) || file.size === 0)
      throw new Problem('No file chosen', 'Choose a file that was saved with Export all.');
    const done = await api.importSessions(file);
    notify(`${plural(done.imported, 'session')} imported, ${done.skipped.length} existed already`);
    setReport(done);
    onImported();
  };
  return (
    <>
      <ConfirmButton label="Import" title="Import sessions" action="Import" onConfirm={importFile}>
        <Field label="File" hint="Saved with Export all. Existing sessions do not change.">
          <input name="file" type="file" accept="application/json,.json" required />
        </Field>
      </ConfirmButton>
      {report && report.invalid.length > 0 && (
        <div class="problem" role="alert">
          <strong>{plural(report.invalid.length, 'session')} could not be imported</strong>
          <ul>
            {report.invalid.map((one) => (
              <li key={one.session_id}>
                <code>{one.session_id}</code> {one.error}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
