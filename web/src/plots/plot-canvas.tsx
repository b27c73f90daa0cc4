import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { theme } from '../app/theme.ts';
import { timeZone } from '../time-zone.ts';
import type { Drawing } from './draw.ts';
import type { PlotSpec } from './plot-spec.ts';

interface PlotCanvasProps {
  readonly spec: PlotSpec;
  /** What the plot shows, for screen readers. */
  readonly label: string;
  /** The interval at the cursor. */
  readonly pointed: number | undefined;
  readonly onPoint: (index: number | undefined) => void;
}

/** The drawing of a plot. The pointer, or the arrow keys once it has the focus, move the cursor to an interval. */
export function PlotCanvas({ spec, label, pointed, onPoint }: PlotCanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const drawing = useDrawing(host, spec, onPoint);
  const last = spec.times.length - 1;
  const move = (event: KeyboardEvent): void => {
    const places: Readonly<Record<string, number | undefined>> = {
      ArrowLeft: Math.max(0, (pointed ?? last + 1) - 1),
      ArrowRight: Math.min(last, (pointed ?? -1) + 1),
      Home: 0,
      End: last,
    };
    if (!(event.key in places) || last < 0) return;
    event.preventDefault();
    drawing.current?.point(places[event.key]);
    onPoint(places[event.key]);
  };
  return (
    <div
      class="plot-canvas"
      ref={host}
      role="img"
      aria-label={label}
      tabIndex={0}
      onKeyDown={move}
      onBlur={() => {
        drawing.current?.point(undefined);
        onPoint(undefined);
      }}
    />
  );
}

/** Draws the plot: anew when its series, the theme, the time zone or the kind of its range change, otherwise only its values. */
function useDrawing(
  host: { readonly current: HTMLDivElement | null },
  spec: PlotSpec,
  onPoint: (index: number | undefined) => void,
) {
  const drawing = useRef<Drawing>(undefined);
  const latest = useRef({ spec, onPoint });
  latest.current = { spec, onPoint };
  const look = useLook();
  const shape = JSON.stringify([spec.kind, spec.to - spec.from, spec.series.map(({ label }) => label)]);
  useEffect(() => {
    let isGone = false;
    let observer: ResizeObserver | undefined;
    void import('./draw.ts').then(({ draw }) => {
      const element = host.current;
      if (isGone || !element) return;
      drawing.current = draw(element, latest.current.spec, (index) => latest.current.onPoint(index));
      element.dataset['drawn'] = 'true';
      observer = new ResizeObserver(() => drawing.current?.resize(element.clientWidth));
      observer.observe(element);
    });
    return () => {
      isGone = true;
      observer?.disconnect();
      drawing.current?.remove();
      drawing.current = undefined;
    };
  }, [look, shape]);
  useEffect(() => drawing.current?.update(spec), [spec]);
  return drawing;
}

/** Changes with the colours of the page and the time zone, in which the axis is labelled. */
function useLook(): string {
  const [look, setLook] = useState('');
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const note = (): void => setLook(`${theme.value} ${String(dark.matches)} ${timeZone.value}`);
    dark.addEventListener('change', note);
    const stop = effect(note);
    return () => {
      dark.removeEventListener('change', note);
      stop();
    };
  }, []);
  return look;
}
