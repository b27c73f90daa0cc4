import { readFileSync } from 'node:fs';

/** Of package.json, which is one folder up from the sources and two from the build. */
export const version: string = ['../package.json', '../../package.json'].reduce((found, path) => {
  if (found !== '') return found;
  try {
    const { version: own } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
      version: string;
    };
    return own;
  } catch {
    return '';
  }
}, '');
