import { pageLink } from '../links.ts';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';

/** The page for a path that the desk does not have. */
export function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="There is no such page">
        <a href={pageLink('/calls')}>Back to the calls</a>
      </Empty>
    </Page>
  );
}
