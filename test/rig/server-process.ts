/** A separate Temporal server that a test can kill and restart with the same data and port while nodes use it. */
import { rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { findTemporalCli } from '../../src/platform/embedded/find-cli.ts';
import { claimPort } from '../../src/platform/embedded/ports.ts';
import { openServerLog } from '../../src/platform/embedded/server-log.ts';
import { spawnServer, type ServerProcess } from '../../src/platform/embedded/server-process.ts';
import { startDevCommand } from '../../src/platform/embedded/start-dev-command.ts';
import { untilReady } from '../../src/platform/embedded/until-ready.ts';
import { binariesDir } from '../../src/platform/paths.ts';
import { testEnvironment } from './test-node.ts';

export class TemporalServer {
  readonly port: number;
  private readonly cli: string;
  private readonly dataDir: string;
  private process: ServerProcess | undefined;

  constructor(cli: string, dataDir: string, port: number) {
    this.cli = cli;
    this.dataDir = dataDir;
    this.port = port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves once it answers. `dynamicConfig` is added to that of the embedded server, e.g. `frontend.namespaceRPS=10`. */
  async start(dynamicConfig: readonly string[] = []): Promise<void> {
    const log = await openServerLog(this.dataDir);
    const { cli, dataDir, port } = this;
    const command = startDevCommand({
      cli,
      dataDir,
      port,
      uiPort: 'off',
      synchronous: 'normal',
      cacheBytes: 67_108_864,
    });
    const limits = dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]);
    this.process = await spawnServer([...command, ...limits], log.file.fd);
    await untilReady(this.process, port, log);
    await log.file.close();
  }

  async kill(): Promise<void> {
    if (!this.process) return;
    process.kill(this.process.pid, 'SIGKILL');
    await this.process.exited;
    this.process = undefined;
  }
}

export async function startTemporalServer(dynamicConfig: readonly string[] = []): Promise<TemporalServer> {
  const { HOLDFAST_DATA_DIR: dataDir } = await testEnvironment();
  const cli = await findTemporalCli({ configured: undefined, binariesDir });
  const server = new TemporalServer(cli, dataDir, await claimPort(0, ''));
  onTestFinished(async () => {
    await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  await server.start(dynamicConfig);
  return server;
}
