/** A separate Temporal server that a test can kill and restart with the same data and port while nodes use it. */
import { rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { findTemporalCli } from '../../src/platform/embedded/find-cli.ts';
import { startOnFreePorts } from '../../src/platform/embedded/server.ts';
import type { ServerProcess } from '../../src/platform/embedded/server-process.ts';
import { binariesDir } from '../../src/platform/paths.ts';
import { testEnvironment } from './test-node.ts';

export class TemporalServer {
  private readonly cli: string;
  private readonly dataDir: string;
  /** 0 until the first start, then always the same. */
  private port = 0;
  private process: ServerProcess | undefined;

  constructor(cli: string, dataDir: string) {
    this.cli = cli;
    this.dataDir = dataDir;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves once it answers. `dynamicConfig` is added to that of the embedded server, e.g. `frontend.namespaceRPS=10`. */
  async start(dynamicConfig: readonly string[] = []): Promise<void> {
    const { cli, dataDir, port } = this;
    const { server, claimed } = await startOnFreePorts({
      cli,
      dataDir,
      port,
      uiPort: 'off',
      synchronous: 'normal',
      cacheBytes: 67_108_864,
      dynamicConfig,
    });
    this.process = server;
    this.port = claimed.port;
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
  const server = new TemporalServer(cli, dataDir);
  onTestFinished(async () => {
    await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  await server.start(dynamicConfig);
  return server;
}
