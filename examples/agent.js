/**
 * The smallest agent that Holdfast can call: `node examples/agent.js [PORT]` (default 9101).
 * It is asked with POST /v1/messages {model, messages, session_id?} and answers {content}. A real one would remember
 * the Idempotency-Key, so that it does a call's work once though it may be asked twice.
 */
import { createServer } from 'node:http';

const port = Number(process.argv[2] ?? 9101);

createServer(async (request, response) => {
  response.setHeader('Content-Type', 'application/json');
  if (request.method !== 'POST') {
    response.writeHead(405, { Allow: 'POST' }).end(JSON.stringify({ error: 'Ask with POST' }));
    return;
  }
  try {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { model, messages } = JSON.parse(body);
    const content = `${model} has read ${messages.length} messages; the last was: ${messages.at(-1).content}`;
    response.end(JSON.stringify({ content }));
  } catch (error) {
    // No such question, or who asked has left: the next one is answered all the same.
    response.writeHead(400).end(JSON.stringify({ error: `Ask with {model, messages}: ${error}` }));
  }
}).listen(port, '127.0.0.1', () => console.log(`An agent listens on http://127.0.0.1:${port}`));
