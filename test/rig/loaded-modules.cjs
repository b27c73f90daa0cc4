// Preloaded by tests: writes the names of the packages of OpenTelemetry that the process has loaded, when it ends.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const names = Object.keys(require.cache).flatMap((path) => path.match(/@opentelemetry[/\\][\w-]+/) ?? []);
  writeFileSync(process.env.LOADED_MODULES, JSON.stringify([...new Set(names)].sort()));
});
