import type { Problem } from '../http.ts';

/** What a form calls otherwise than the API. */
const labels = new Map([['keep_auth_token', 'Token']]);

export function ProblemBox({ problem }: { problem: Problem }) {
  // The detail of a refusal often is its fields in one line.
  const inFields = problem.fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return (
    <div class="problem" role="alert">
      <strong>{problem.title}</strong>
      {problem.message !== inFields && <p>{problem.message}</p>}
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map(({ field, message }) => (
            <li key={field}>
              {labels.has(field) ? `${labels.get(field)}:` : <code>{field}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
