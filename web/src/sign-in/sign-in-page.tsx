import { useEffect, useRef } from 'preact/hooks';
import { signInWith } from '../access/sign-in-with.ts';
import { whySignedOut, who } from '../access/who.ts';
import { queryString } from '../urls.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { Page } from '../ui/page.tsx';

/** Asks for a key, in the place of the page that was asked for. That page follows at once, since the URL stays. */
export function SignInPage() {
  const methods = who.value?.methods ?? [];
  const signIn = async (values: FormData): Promise<void> => {
    await signInWith(formText(values, 'api_key'));
  };
  return (
    <div class="sign-in panel">
      <Page title="Sign in">
        {whySignedOut.value !== '' && (
          <div class="problem" role="alert">
            <strong>You are signed out</strong>
            <p>{whySignedOut.value}</p>
          </div>
        )}
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
const askedFor = (): string => location.pathname.replace(/^\/+/, '/') + location.search;
