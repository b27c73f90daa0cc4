import { useEffect, useRef } from 'preact/hooks';
import { Field } from '../ui/field.tsx';

const typingPauseMs = 250;
/** The content of calls is read from Temporal: such a search waits for the whole word. */
const contentPauseMs = 800;

interface TextFilterProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  /** Whether it searches the content of calls. */
  readonly ofContent?: boolean;
  /** Whether it has several lines. */
  readonly hasLines?: boolean;
  /** The id of the list of names that the input offers. */
  readonly list?: string;
  readonly onChange: (text: string) => void;
}

/** A text filter. Typing changes the URL after a short pause; a changed URL changes the field at once. */
export function TextFilter({ label, hint, value, ofContent, hasLines, list, onChange }: TextFilterProps) {
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const typed = (text: string): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(text.trim()), ofContent ? contentPauseMs : typingPauseMs);
  };
  if (hasLines)
    return (
      <Field label={label} {...(hint !== undefined && { hint })}>
        <textarea
          ref={input}
          rows={value.split('\n').length}
          maxLength={1_000}
          placeholder="A line for each"
          spellcheck={false}
          defaultValue={value}
          onInput={(event) => typed(event.currentTarget.value)}
        />
      </Field>
    );
  return (
    <Field label={label} {...(hint !== undefined && { hint })}>
      <input
        ref={input}
        type="search"
        maxLength={128}
        autocomplete="off"
        spellcheck={false}
        defaultValue={value}
        list={list}
        onInput={(event) => typed(event.currentTarget.value)}
      />
    </Field>
  );
}
