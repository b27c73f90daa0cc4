/** The steps of the load that work on whole sessions: import, delete, read, read after an answer. */
import { until } from '../pause.ts';
import { newCallRequest } from './new-call-request.ts';
import { readBack } from './read-back.ts';
import { removeSession } from './removals.ts';
import type { Step } from './steps.ts';

/** Creates a session with a few calls and deletes it, either while they run or after they have ended. */
const deletion: Step = async (stage) => {
  const { api, calls, random, sessions } = stage;
  const id = sessions.fresh('deleted');
  const requests = Array.from({ length: random.whole(1, 3) }, () =>
    newCallRequest(stage, 'deletion', { session: id, agent: random.pick(['echo', 'slow']) }),
  );
  const facade = random.pick(api.facades);
  const wait = random.chance(0.5);
  await Promise.all(requests.map((request) => calls.send(request, { facade, wait })));
  for (const request of requests) await calls.retryUntilClear(request, random, 5_000);
  const withCalls = random.chance(0.4);
  // Like a client that must be sure, it repeats the deletion until one is answered.
  await until(() => removeSession(stage, random.pick(api.facades), id, withCalls), 15_000, 500);
};

/** Imports a session and sends a call in it. */
const importing: Step = async (stage) => {
  const { api, calls, random, journal } = stage;
  const contents = Array.from({ length: random.whole(1, 4) }, (_, turn) => `imported ${turn}`);
  const id = `imported-${journal.sessions.size}-${journal.requests.length}`;
  const timestamp = new Date().toISOString();
  const messages = contents.flatMap((content) => [
    { timestamp, role: 'user', content },
    { timestamp, role: 'assistant', content: `re: ${content}`, agent: 'elsewhere' },
  ]);
  const session = { created_at: timestamp, last_activity: timestamp, messages };
  const answer = await api.send(random.pick(api.facades), 'POST', '/api/vps/sessions/import', {
    body: { sessions: { [id]: session } },
  });
  const { imported = 0, skipped = [] } = (answer?.body ?? {}) as { imported?: number; skipped?: string[] };
  if (answer?.status !== 200 || imported + skipped.length !== 1) return;
  journal.session(id, contents);
  const request = newCallRequest(stage, 'importing', { session: id, agent: random.pick(['echo', 'flaky']) });
  await calls.send(request, { facade: random.pick(api.facades), wait: true });
  await calls.retryUntilClear(request, random, 12_000);
};

/** Reads one of the API's resources. `Api` searches every answer for secrets. */
const reading: Step = async ({ api, random, journal }) => {
  const sessionId = random.pick([...journal.sessions.keys(), 'none']);
  const path = random.pick([
    '/api/vps/agents',
    '/api/vps/health',
    '/api/vps/health/flaky',
    '/api/vps/calls?limit=20',
    '/api/vps/calls?status=failed&limit=20',
    '/api/vps/sessions',
    '/api/vps/status',
    `/api/vps/sessions/${sessionId}`,
    '/metrics',
  ]);
  await api.send(random.pick(api.facades), 'GET', path);
};

/** Reads a session at once after the answer of a call in it, most often through another facade. */
const readingBack: Step = async (stage) => {
  const { api, calls, random, sessions } = stage;
  const session = random.chance(0.7) ? sessions.pick(random) : sessions.fresh('read');
  const request = newCallRequest(stage, 'reading-back', {
    session,
    agent: random.pick(['echo', 'echo', 'flaky', 'wordy']),
  });
  await calls.send(request, { facade: random.pick(api.facades), wait: true });
  if (request.endings.length > 0) await readBack(stage, request, random.pick(api.facades));
  else await calls.retryUntilClear(request, random, 12_000);
};

/** Requests a cleanup of sessions older than a day. No session of a run is that old, so the cleanup must remove none. */
const cleanup: Step = async ({ api, random }) => {
  await api.send(random.pick(api.facades), 'POST', '/api/vps/sessions/cleanup?max_age_hours=24');
};

export const sessionSteps = { deletion, importing, reading, readingBack, cleanup };
