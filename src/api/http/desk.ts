/**
 * Serves the desk at `/`: the built files of dist/web, from memory, compressed, with a strict Content Security Policy. Everyone
 * gets them: they hold no data, and one signs in at the desk itself.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { Router, type NextFunction, type Request, type Response } from 'express';

/**
 * The paths that the desk's router handles in the browser. Each is answered with the same document, so that pages can be
 * reloaded.
 */
const pages = [
  '/',
  '/calls',
  '/calls/:id',
  '/calls/:id/compare/:other',
  '/agents',
  '/agents/:name',
  '/agent', // With ?name=, for names that cannot be part of a path.
  '/sessions',
  '/sessions/:id',
  '/session', // With ?id=, for ids that cannot be part of a path.
  '/batches',
  '/batches/:id',
  '/alerts',
  '/webhooks',
  '/webhooks/:id',
  '/keys',
  '/projects',
];

/** Stricter than helmet's default: no inline scripts or styles, nothing from other origins, never in a frame. */
const policy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

interface DeskFile {
  readonly type: string;
  readonly plain: Buffer;
  /** The compressed bodies by content coding, in order of preference. */
  readonly compressed: ReadonlyMap<string, Buffer>;
}

/**
 * Creates the routes of the desk. Without a build (`npm run build`) the desk does not exist and its paths are answered with
 * 404.
 */
export function deskRouter(folder: string): Router {
  const router = Router();
  const files = readDesk(folder);
  const index = files.get('/index.html');
  if (!index) return router;
  router.get(pages, (request, response) => {
    response.set('Cache-Control', 'no-cache');
    sendFile(request, response, index);
  });
  for (const [path, file] of files)
    router.get(path, (request, response) => {
      const hashed = path.startsWith('/assets/'); // Its name contains a hash of the content.
      response.set('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      sendFile(request, response, file);
    });
  // A page for wrong links in a browser; other clients get JSON. A path with invalid percent-encoding arrives as an error.
  const notFound = (request: Request, response: Response): boolean => {
    const isPage = /^(GET|HEAD)$/.test(request.method) && !/^\/api(\/|$)/i.test(request.path);
    if (!isPage || request.accepts(['json', 'html']) !== 'html') return false;
    response.status(404).vary('Accept').set('Cache-Control', 'no-cache');
    sendFile(request, response, index);
    return true;
  };
  router.use((request, response, next) => {
    if (!notFound(request, response)) next();
  });
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof URIError) || !notFound(request, response)) next(error);
  });
  return router;
}

function sendFile(request: Request, response: Response, { type, plain, compressed }: DeskFile): void {
  response.set('Content-Security-Policy', policy).vary('Accept-Encoding').type(type);
  // Browsers send no real preference among codings, so the order here decides.
  const coding = [...compressed.keys()].find((name) => request.acceptsEncodings(name) !== false);
  if (coding !== undefined) response.set('Content-Encoding', coding);
  response.send(compressed.get(coding ?? '') ?? plain);
}

function readDesk(folder: string): Map<string, DeskFile> {
  const files = new Map<string, DeskFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const compressed = new Map(
      Object.entries({ br: `${path}.br`, gzip: `${path}.gz` })
        .filter(([, other]) => existsSync(other))
        .map(([coding, other]) => [coding, readFileSync(other)]),
    );
    files.set(`/${relative(folder, path)}`, {
      type: extname(path),
      plain: readFileSync(path),
      compressed,
    });
  }
  return files;
}
