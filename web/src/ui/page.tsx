import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { showBidiMarks } from './bidi-marks.ts';

interface PageProps {
  /** The title of the document. It is also the heading of the page, unless `heading` is given. */
  readonly title: string;
  /** The heading of the page, if it has to show more than the text of `title`. */
  readonly heading?: ComponentChildren;
  /** The list that the page belongs to, for the way back. */
  readonly up?: { readonly href: string; readonly label: string };
  /** Controls beside the heading. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page with its heading; sets the title of the document. */
export function Page({ title, heading, up, aside, children }: PageProps) {
  useEffect(() => {
    document.title = `${showBidiMarks(title)} · Holdfast`;
  }, [title]);
  return (
    <>
      {up && (
        <nav class="up" aria-label="Way back">
          <a href={up.href}>
            <span aria-hidden="true">← </span>
            {up.label}
          </a>
        </nav>
      )}
      <div class="page-head">
        <h1>{heading ?? title}</h1>
        {aside && <div class="actions">{aside}</div>}
      </div>
      {children}
    </>
  );
}
