import { duration } from '../format.ts';
import { ErrorType } from '../ui/status.tsx';
import type { TryBar } from './timeline-model.ts';

/** The same as the drawing, in figures. */
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
            <tr key={`${one.tryNumber} ${one.agent}`}>
              <td class="name">{one.agent}</td>
              <td class="number">{one.tryNumber}</td>
              <td class="number">+{duration(one.startMs)}</td>
              <td class="number">{duration(one.endMs - one.startMs)}</td>
              <td class="number wide">{one.firstByteMs === null ? '–' : duration(one.firstByteMs)}</td>
              <td>
                <Result of={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Result({ of: { errorType, lost, open } }: { of: TryBar }) {
  if (lost) return <>lost: its worker stopped</>;
  if (errorType !== null) return <ErrorType of={errorType} />;
  return <>{open ? 'asking' : 'answered'}</>;
}
