/**
 * Serves `/docs`: Swagger UI with the node's own OpenAPI document. Its script is a file, because the Content Security Policy
 * allows no inline scripts.
 */
import { fileURLToPath } from 'node:url';
import { dirname } from 'node:path';
import express, { Router, type Response } from 'express';
import { requireScope, type Authenticate } from './auth.ts';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<p><a href="/">Back to the desk</a></p>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** A change by the desk's cookie needs a token. */
const script = `async function withToken(request) {
  const changes = !/^(get|head)$/i.test(request.method ?? 'get');
  if (!changes || request.headers.Authorization) return request;
  const { csrf_token } = await (await fetch('/api/vps/sign-in')).json();
  if (csrf_token) request.headers['Holdfast-CSRF-Token'] = csrf_token;
  return request;
}
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  tryItOutEnabled: true,
  requestInterceptor: withToken,
});
`;

export function docsRouter(authenticate: Authenticate): Router {
  const router = Router();
  const assets = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  router.use('/docs', async (request, _response, next) => {
    requireScope(await authenticate(request), 'read'); // As its document, /openapi.json.
    next();
  });
  router.get('/docs', (_request, response) => {
    response.type('html').send(page);
  });
  router.get('/docs/start.js', (_request, response) => {
    response.type('js').send(script);
  });
  const setHeaders = (response: Response) => response.set('Cache-Control', 'private, max-age=86400');
  router.use('/docs/assets', express.static(assets, { index: false, setHeaders, extensions: false }));
  return router;
}
