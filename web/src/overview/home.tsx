import { useLocation } from 'preact-iso/router';
import { useLayoutEffect } from 'preact/hooks';
import { isFiltered } from '../calls/filter.ts';
import { OverviewPage } from './overview-page.tsx';

/** The page at `/`: the overview. Links to it with a filter are older than it: they lead to the list of calls. */
export function Home() {
  const { query, route } = useLocation();
  const isList = isFiltered(query);
  useLayoutEffect(() => {
    if (isList) route(`/calls${location.search}`, true);
  }, [isList]);
  return isList ? null : <OverviewPage />;
}
