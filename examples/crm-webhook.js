/**
 * The smallest receiver of webhooks: WEBHOOK_SECRET=whsec_... [PORT=9201] node examples/crm-webhook.js
 * It prints one line per event. All it needs is `npm install standardwebhooks`, a library that exists in ten languages.
 */
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET ?? ''); // Shown once, when the webhook was made.
const port = Number(process.env.PORT ?? 9201);

// An event may come twice, each time with the same id. A real receiver keeps the ids where it keeps what it did, such as in
// a table with a unique column, and writes both in one transaction.
const seen = new Set();

createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    // The signature is that of the bytes as they came: verify them before anything parses them. It throws for a forged event,
    // and for one that is more than five minutes old, which somebody may have recorded and sent again.
    const { type, timestamp, data } = webhook.verify(Buffer.concat(chunks), request.headers);
    const id = request.headers['webhook-id'];
    if (!seen.has(id)) console.log(`${timestamp} ${type} ${id} ${JSON.stringify(data)}`);
    seen.add(id);
    // Any status from 200 to 299 says "I have it": answer it only then, and within seconds.
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400).end(`${error.message}\n`);
  }
}).listen(port, '127.0.0.1', () => console.log(`A receiver listens on http://127.0.0.1:${port}`));
