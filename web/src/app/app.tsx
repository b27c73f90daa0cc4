import { LocationProvider } from 'preact-iso/router';
import { ShownKey } from '../keys/shown-key.tsx';
import { Notice } from '../ui/notice.tsx';
import { ShownSecret } from '../webhooks/shown-secret.tsx';
import { Desk } from './desk.tsx';

/** The paths that the desk's router handles. Other links (the API, its documentation) load a new document. */
const ownPages = /^\/($|\?|(calls|agents?|sessions?|batches|alerts|webhooks|keys|projects)([/?]|$))/;

/** The whole desk. A new key or secret is shown whatever becomes of the page that made it. */
export function App() {
  return (
    <LocationProvider scope={ownPages}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Desk />
      <ShownKey />
      <ShownSecret />
      <Notice />
    </LocationProvider>
  );
}
