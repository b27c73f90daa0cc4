/** The desk, from `web/` to `dist/web`: no inline script or style, so that its pages take a strict CSP. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    // scripts/build-web.ts removes what is stale: a node that starts meanwhile finds whole files.
    emptyOutDir: false,
    target: 'es2022',
    // Those that know light-dark(), on which both themes rest.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
