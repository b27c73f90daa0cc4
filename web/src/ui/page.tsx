import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { showBidiMarks } from './bidi-marks.ts';

interface PageProps {
  readonly title: string;
  /** In place of the title's text, where that is more than text. */
  readonly heading?: ComponentChildren;
  /** Beside the heading. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

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
