import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="There is no such page">
        <a href="/calls">Back to the calls</a>
      </Empty>
    </Page>
  );
}
