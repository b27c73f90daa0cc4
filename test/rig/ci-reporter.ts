/** Writes what `.ci/count.js` needs of a run: unlike vitest's JSON report also the errors of hooks and outside any test. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

export interface RunReport {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

export interface Failure {
  /** Relative to the working directory. Empty for an error that belongs to no file. */
  readonly file: string;
  readonly name: string;
  /** The stack of each error and of its causes. */
  readonly message: string;
}

export class CiReporter implements Reporter {
  private readonly path: string;

  constructor({ path }: { readonly path: string }) {
    this.path = path;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap(({ children }) => [...children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const report: RunReport = {
      passed: count('passed'),
      skipped: count('skipped'),
      failures: [...modules.flatMap(failuresOf), ...failure('', '(outside any test)', unhandled)],
    };
    writeFileSync(this.path, JSON.stringify(report));
  }
}

function failuresOf(module: TestModule): Failure[] {
  const file = relative('', module.moduleId);
  return [
    ...failure(file, '(the file)', module.errors()),
    ...[...module.children.allSuites()].flatMap((suite) =>
      failure(file, `${suite.fullName} (a hook)`, suite.errors()),
    ),
    ...[...module.children.allTests('failed')].flatMap((test) =>
      failure(file, test.fullName, test.result().errors ?? []),
    ),
  ];
}

/** None without errors. */
function failure(file: string, name: string, errors: readonly SerializedError[]): Failure[] {
  return errors.length === 0 ? [] : [{ file, name, message: errors.map(textOf).join('\n') }];
}

function textOf(error: SerializedError): string {
  const text = error.stack ?? `${error.name ?? 'Error'}: ${error.message}`;
  return error.cause ? `${text}\nCaused by ${textOf(error.cause)}` : text;
}
