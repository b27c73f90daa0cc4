/** docs/operations.md says of every condition of alerts what to do, at the place to which alerts link. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { alertConditionNames, runbookOf } from '../../src/domain/alert.ts';
import { packageRoot } from '../../src/platform/paths.ts';

it('each condition has a section, and there are no others', () => {
  const [, alerts = ''] =
    /\n## Alerts\n(.*?)\n## /s.exec(readFileSync(join(packageRoot, 'docs/operations.md'), 'utf8')) ?? [];
  const sections = [...alerts.matchAll(/^### (.+)$/gm)].map(([, name = '']) => `docs/operations.md#${name}`);
  expect(sections).toEqual(alertConditionNames.map(runbookOf));
});
