/** Streams of any length: no faster than they are read, over when their reader goes, cut when they fail. */
import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { sendPieces } from '../../src/api/http/send-pieces.ts';

const piece = 'x'.repeat(64 * 1024);

describe.each([
  ['as it is', false],
  ['gzipped', true],
])('a stream, %s,', (_name, zipped) => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** Opens the stream of what `pieces` gives. */
  async function read(pieces: () => AsyncGenerator<string>): Promise<IncomingMessage> {
    const app = express();
    app.get('/', (_request, response) =>
      sendPieces(response, pieces(), zipped ? { through: createGzip({ level: 0 }) } : {}),
    );
    app.use(((_error, _request, response, next) => {
      if (response.headersSent) next(_error);
      else response.sendStatus(503);
    }) as express.ErrorRequestHandler);
    app.set('env', 'test'); // Express prints nothing then.
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const request = get({ port: (server.address() as AddressInfo).port });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  it('waits for a slow client, and ends when the client disconnects', async () => {
    let given = 0;
    let over = (): void => undefined;
    const isOver = new Promise<void>((resolve) => (over = resolve));
    const response = await read(async function* () {
      try {
        for (;;) {
          given += 1;
          yield await Promise.resolve(piece);
        }
      } finally {
        over();
      }
    });
    let before = -1;
    await expect
      .poll(() => [before, (before = given)], { interval: 300 })
      .toSatisfy(([last, now]) => last === now);
    expect(given * piece.length).toBeLessThan(64 * 1024 * 1024);
    response.destroy();
    await isOver;
  });

  it('is cut off if it fails midway, so that it does not look complete', async () => {
    const response = await read(async function* () {
      for (let index = 0; index < 50; index++) yield await Promise.resolve(piece);
      throw new Error('the source is gone');
    });
    expect(response.statusCode).toBe(200);
    response.resume();
    await expect(once(response, 'end')).rejects.toThrow('aborted');
  });

  it('is answered with an error if it fails before it begins', async () => {
    const response = await read(async function* () {
      await Promise.reject(new Error('the source is away'));
    });
    expect(response.statusCode).toBe(503);
  });
});
