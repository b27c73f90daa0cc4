import { duration } from '../format.ts';
import { ErrorType } from '../ui/status.tsx';
import type { FailedAnswer, TryBar } from './timeline-model.ts';

/** The tries of the timeline as a table, with what the agents answered to those that failed. */
export function TriesTable({ tries }: { tries: readonly TryBar[] }) {
  if (tries.length === 0) return null;
  return (
    <details>
      <summary>{tries.length === 1 ? 'The try in figures' : `${tries.length} tries in figures`}</summary>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col" class="number">
              Try
            </th>
            <th scope="col" class="number">
              Began
            </th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col" class="number wide">
              First byte
            </th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {tries.map((one) => (
            <TryRows key={`${one.tryNumber} ${one.agent}`} one={one} />
          ))}
        </tbody>
      </table>
    </details>
  );
}

function TryRows({ one }: { one: TryBar }) {
  return (
    <>
      <tr>
        <td class="name" title={one.agent}>
          {one.agent}
        </td>
        <td class="number">{one.tryNumber}</td>
        <td class="number">+{duration(one.startMs)}</td>
        <td class="number">{duration(one.endMs - one.startMs)}</td>
        <td class="number wide">{one.firstByteMs === null ? '–' : duration(one.firstByteMs)}</td>
        <td>
          <Result of={one} />
        </td>
      </tr>
      {one.answer && <Answer of={one.answer} />}
    </>
  );
}

function Answer({ of: { httpStatus, headers, excerpt } }: { of: FailedAnswer }) {
  return (
    <tr class="answered-so">
      <td colSpan={6}>
        <span class="hint">answered</span> <strong>{httpStatus}</strong>
        {Object.entries(headers).map(([name, value]) => (
          <code key={name} class="header">
            {name}: {value}
          </code>
        ))}
        {excerpt !== null && <pre class="excerpt">{excerpt}</pre>}
      </td>
    </tr>
  );
}

function Result({ of: { errorType, lost, open } }: { of: TryBar }) {
  if (lost) return <>lost: its worker stopped</>;
  if (errorType !== null) return <ErrorType of={errorType} />;
  return <>{open ? 'asking' : 'answered'}</>;
}
