import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { noteWho, whySignedOut, who } from '../access/who.ts';
import { api } from '../api.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Time } from '../ui/time.tsx';

/** Who is signed in: a button that shows what they may do, and signs them out. Absent on a node that is open to everyone. */
export function SignedIn() {
  const [open, setOpen] = useState(false);
  const { how, name } = who.value ?? {};
  if (how === 'open') return null;
  return (
    <>
      <button type="button" class="who" onClick={() => setOpen(true)}>
        <span class="visually-hidden">Signed in: </span>
        <span>{nameOf(name)}</span>
        <span class="hint">{who.value?.scopes.join(', ')}</span>
      </button>
      {open && (
        <Dialog title="Signed in" onClose={() => setOpen(false)}>
          <Facts />
          <SignOut onCancel={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

const nameOf = (name: string | null | undefined): string => name ?? 'bootstrap key';

function Facts() {
  const signedIn = who.value;
  if (!signedIn) return null;
  const { name, key_id: id, project, scopes, agents, expires_at: until } = signedIn;
  const facts = [
    ['Name', nameOf(name)],
    ...(id === null ? [] : [['Key', id]]),
    ['Project', project],
    ['Scopes', scopes.join(', ')],
    ['Agents', agents?.join(', ') ?? 'all'],
  ];
  return (
    <dl class="facts">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {until !== null && (
        <div>
          <dt>Until</dt>
          <dd>
            <Time at={until} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Who sends a key with each request, e.g. as the password of Basic authentication, has no cookie to give back. */
function SignOut({ onCancel }: { onCancel: () => void }) {
  const { route } = useLocation();
  if (who.value?.csrf_token == null)
    return <p class="hint">The browser sends the key itself, so there is nothing to sign out from.</p>;
  const signOut = async (): Promise<void> => {
    await api.signOut();
    noteWho(await api.whoIsSignedIn());
    whySignedOut.value = '';
    route('/calls'); // The next user may have another project.
  };
  return <ActionForm action="Sign out" onCancel={onCancel} onSubmit={signOut} />;
}
