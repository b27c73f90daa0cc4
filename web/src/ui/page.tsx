import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { showBidiMarks } from './bidi-marks.ts';

interface PageProps {
  /** The title of the document. It is also the heading of the page, unless `heading` is given. */
  readonly title: string;
  /** The heading of the page, if it has to show more than the text of `title`. */
  readonly heading?: ComponentChildren;
  /** Controls beside the heading. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page with its heading; sets the title of the document. */
export function Page({ title, heading, aside, children }: PageProps) {
  useEffect(() => {
    document.title = `${showBidiMarks(title)} · Holdfast`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <h1>{heading ?? title}</h1>
        {aside && <div class="actions">{aside}</div>}
      </div>
      {children}
    </>
  );
}
