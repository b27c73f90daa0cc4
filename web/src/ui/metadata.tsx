import { metadataPrefix } from '../calls/filter.ts';
import { pageLink } from '../links.ts';
import { LongText } from './long-text.tsx';

/** The longest value that the list of calls can be filtered by, in characters. */
const longestFilter = 500;

/** Metadata, one member in each line. A value that is one text, number or boolean links to the calls that have it, too. */
export function Metadata({ of }: { of: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="metadata">
      {Object.entries(of).map(([name, value]) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        const isPlain = typeof value !== 'object' && text !== '' && text.length <= longestFilter;
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {isPlain ? (
                <a
                  href={pageLink('/calls', { [metadataPrefix + name]: text })}
                  title={`Calls whose ${name} is ${text}`}
                >
                  {text}
                </a>
              ) : (
                <LongText text={text} label={`The whole ${name}`} />
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
