/**
 * A process that runs an embedded server, for tests to signal and kill. It prints its server on standard output, then the
 * signals that reach it, and never ends by itself. Arguments: CLI, data directory, port.
 */
import { pino } from 'pino';
import { startEmbeddedServer } from '../../../src/platform/embedded/server.ts';

const [cli = '', dataDir = '', port = '0'] = process.argv.slice(2);
const server = await startEmbeddedServer(
  { cli, dataDir, port: Number(port), uiPort: 'off', synchronous: 'normal', cacheBytes: 67_108_864 },
  pino({ level: 'silent' }),
);
process.on('SIGINT', () => console.log('SIGINT'));
console.log(JSON.stringify({ address: server.address, pid: server.pid() }));
setInterval(() => undefined, 60_000);
