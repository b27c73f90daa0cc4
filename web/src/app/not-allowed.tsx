import type { Scope } from '../../../src/domain/api-key.ts';
import { allProjects } from '../../../src/domain/project.ts';
import { who } from '../access/who.ts';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';

/** Instead of a page that the key may not see. */
export function NotAllowed({ scope }: { scope: Scope }) {
  return (
    <Page title="Not allowed">
      <Empty title={`This page needs the scope ${scope}`}>
        You have {who.value?.scopes.join(', ')}. Sign in as somebody else, or ask who gives rights here.
      </Empty>
    </Page>
  );
}

/** Instead of a page of a project that is not that of the key. */
export function OtherProject({ name }: { name: string }) {
  return (
    <Page title="Another project">
      <Empty
        title={
          name === allProjects ? 'This page is about all projects' : `This page is about the project ${name}`
        }
      >
        You see {who.value?.project}. <a href="?">Show what it may see</a>
      </Empty>
    </Page>
  );
}
