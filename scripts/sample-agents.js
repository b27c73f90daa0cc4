/**
 * Starts three agents over real HTTP on free ports of 127.0.0.1: healthy, flaky (fails every other request) and down.
 * Prints "HEALTHY FLAKY DOWN" (their ports) and serves until it is killed.
 */
import { createServer } from 'node:http';

const started = await startSampleAgents();
console.log([started.healthy, started.flaky, started.down].join(' '));

async function startSampleAgents() {
  const healthy = await listen((_request, body) => ({ content: answerTo(body) }));
  let asked = 0;
  const flaky = await listen((response, body) => {
    asked += 1;
    if (asked % 2 === 0) return { content: answerTo(body) };
    response.statusCode = 503;
    return { error: { message: 'The model is overloaded' } };
  });
  const down = await listen(() => ({}));
  const { port } = down.address();
  down.close();
  return { healthy: healthy.address().port, flaky: flaky.address().port, down: port };
}

function answerTo({ model, messages }) {
  const turns = messages.filter((message) => message.role === 'user').length;
  return `${model} has read ${messages.length} messages; yours, number ${turns}, was "${messages.at(-1).content}".`;
}

async function listen(handle) {
  const server = createServer(async (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    try {
      let text = '';
      for await (const chunk of request) text += chunk;
      const body = handle(response, JSON.parse(text || '{"messages":[]}'));
      response.end(JSON.stringify(body));
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ error: String(error) }));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
