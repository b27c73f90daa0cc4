import type { Problem } from '../http.ts';
import { ProblemBox } from './problem-box.tsx';

/** Shown until the first answer arrives: grey bars, or the problem if the request failed. */
export function Loading({ problem }: { problem: Problem | undefined }) {
  if (problem) return <ProblemBox problem={problem} />;
  return (
    <div class="loading" aria-busy="true">
      <span class="visually-hidden">Loading</span>
      <span class="bar" />
      <span class="bar" />
      <span class="bar" />
    </div>
  );
}
