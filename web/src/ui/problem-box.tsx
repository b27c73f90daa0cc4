import type { Problem } from '../http.ts';

/** Labels of fields that forms name differently than the API does. */
const labels = new Map([['keep_auth_token', 'Token']]);

/** Shows a problem with its invalid fields. Screen readers announce it. */
export function ProblemBox({ problem }: { problem: Problem }) {
  // The detail of a refusal often repeats its fields in one line; they are then shown once.
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
