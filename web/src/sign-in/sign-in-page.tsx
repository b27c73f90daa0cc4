import { useEffect, useRef } from 'preact/hooks';
import { signInWith } from '../access/sign-in-with.ts';
import { whySignedOut, who } from '../access/who.ts';
import { queryString } from '../urls.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { Page } from '../ui/page.tsx';

const errorParameter = 'sign_in_error';

/** Asks for a key, in the place of the page that was asked for. That page follows at once, since the URL stays. */
export function SignInPage() {
  const methods = who.value?.methods ?? [];
  const failed = whyFailed();
  const signIn = async (values: FormData): Promise<void> => {
    await signInWith(formText(values, 'api_key'));
    history.replaceState(history.state, '', askedFor());
  };
  return (
    <div class="sign-in panel">
      <Page title="Sign in">
        {whySignedOut.value !== '' && <Reason title="You are signed out" text={whySignedOut.value} />}
        {failed !== undefined && <Reason title="You are not signed in" text={failed} />}
        {methods.includes('oidc') && (
          <a class="button" href={`/api/vps/sign-in/oidc${queryString({ to: askedFor() })}`}>
            Sign in with your organisation
          </a>
        )}
        {methods.includes('key') && (
          <ActionForm action="Sign in" onSubmit={signIn}>
            <KeyField />
          </ActionForm>
        )}
      </Page>
    </div>
  );
}

function Reason({ title, text }: { title: string; text: string }) {
  return (
    <div class="problem" role="alert">
      <strong>{title}</strong>
      <p>{text}</p>
    </div>
  );
}

/** What the node's codes of `?sign_in_error=` mean, with which it sends people back whom the issuer could not sign in. */
const failures: Readonly<Record<string, string>> = {
  denied: 'Your organisation refused the sign-in, or you cancelled it.',
  expired: 'This attempt to sign in is over, or began in another browser. Try it again.',
  no_rights: 'None of your groups gives you rights here. Ask those who operate this gateway.',
  issuer_unavailable: "Your organisation's sign-in does not answer. Try it again shortly, or use an API key.",
  temporal_unavailable: 'This gateway cannot say yet what you may do. Try it again shortly.',
  failed: 'The sign-in failed. The log of the node says why.',
};

function whyFailed(): string | undefined {
  const code = new URLSearchParams(location.search).get(errorParameter);
  if (code === null) return undefined;
  return Object.hasOwn(failures, code) ? failures[code] : failures['failed'];
}

function KeyField() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <Field label="API key" hint="It is not stored: the browser only keeps a cookie until you sign out.">
      <input
        ref={input}
        name="api_key"
        type="password"
        required
        autocomplete="off"
        spellcheck={false}
        maxLength={8192}
      />
    </Field>
  );
}

/** A path of this site, even if the URL's begins with `//`, which would name another one. */
function askedFor(): string {
  const query = new URLSearchParams(location.search);
  query.delete(errorParameter);
  return location.pathname.replace(/^\/+/, '/') + (query.size > 0 ? `?${query.toString()}` : '');
}
