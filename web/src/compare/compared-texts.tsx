import { useLoaded } from '../live/use-loaded.ts';
import { LongText } from '../ui/long-text.tsx';
import { Section } from '../ui/section.tsx';
import type { Piece } from './text-diff.ts';

interface ComparedTextsProps {
  /** What the texts are: `Answer`. */
  readonly title: string;
  /** Null: there is none. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Two texts side by side: what only the first has is marked as deleted, what only the second has as inserted. */
export function ComparedTexts({ title, before, after }: ComparedTextsProps) {
  const isComparable = before !== null && after !== null && before !== after;
  const { value: pieces } = useLoaded(`${title} ${before ?? ''}\n${after ?? ''}`, async () => {
    if (!isComparable) return undefined;
    const { textDiff } = await import('./text-diff.ts');
    return textDiff(before, after) ?? 'too different';
  });
  const marked = typeof pieces === 'object' ? pieces : undefined;
  return (
    <Section title={title} aside={<span class="hint">{wordsOf(before, after, pieces)}</span>}>
      <div class="split">
        <Side label={`${title} of the first call`} text={before} pieces={marked} side="old" />
        <Side label={`${title} of the second call`} text={after} pieces={marked} side="new" />
      </div>
    </Section>
  );
}

function wordsOf(
  before: string | null,
  after: string | null,
  pieces: readonly Piece[] | 'too different' | undefined,
): string {
  if (before === null && after === null) return 'neither has one';
  if (before === null || after === null) return 'only one has one';
  if (before === after) return 'the same';
  return pieces === 'too different' ? 'too long or too different to mark the differences' : 'different';
}

interface SideProps {
  readonly label: string;
  readonly text: string | null;
  readonly pieces: readonly Piece[] | undefined;
  readonly side: 'old' | 'new';
}

function Side({ label, text, pieces, side }: SideProps) {
  if (text === null) return <p class="hint">None</p>;
  return (
    <pre class="text-block" tabIndex={0} role="group" aria-label={label}>
      {!pieces && <LongText text={text} label={`The whole ${label}`} />}
      {pieces
        ?.filter((piece) => piece.in === 'both' || piece.in === side)
        .map((piece, index) => (
          <Marked key={index} piece={piece} />
        ))}
    </pre>
  );
}

function Marked({ piece }: { piece: Piece }) {
  if (piece.in === 'old') return <del>{piece.text}</del>;
  if (piece.in === 'new') return <ins>{piece.text}</ins>;
  return <span>{piece.text}</span>;
}
