/** Rules for every command: help with an example, --json, completion in every shell. They need no node. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { helpOf, leavesOf } from '../../scripts/cli-reference.ts';
import { createProgram } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { version } from '../../src/platform/version.ts';
import { runCli } from './run-cli.ts';

const commands = leavesOf(createProgram());

describe.each(commands.map((command) => ({ name: command.name(), command })))(
  '$name',
  ({ name, command }) => {
    it('has an example in its help', () => {
      expect(helpOf(command)).toMatch(new RegExp(`\\$ .*holdfast .*${name}|\\$ holdfast ${name}`));
    });

    it('takes --json if it prints a result', () => {
      const takes = command.options.some(({ long }) => long === '--json');
      expect(takes).toBe(!['start', 'worker', 'completion'].includes(name));
    });
  },
);

describe('completion', () => {
  const after = async (...words: string[]) =>
    (await runCli(['complete', '--', ...words])).stdout.split('\n').map((line) => line.split('\t')[0]);

  it('offers commands, options and their values', async () => {
    expect(await after('calls')).toEqual(expect.arrayContaining(['list', 'show', '--help']));
    expect(await after('calls', 'list')).toContain('--error-type');
    expect(await after('calls', 'list', '--status')).toEqual([
      'running',
      'completed',
      'failed',
      'cancelled',
      '',
    ]);
    expect(await after('rerun', '--all', '--from')).toContain('failed_agent');
    expect(await after('webhooks', 'create', 'crm', '-', '--event')).toContain('call.failed');
    expect(await after('webhooks', 'deliveries', 'one', '--outcome')).toContain('parked');
    expect(await after('completion')).toContain('fish');
    expect(await after('calls', 'export', '-o')).toEqual(['']);
  });

  /** What bash offers for the last of these words. */
  const inBash = async (...words: string[]) => {
    const { stdout: script } = await runCli(['completion', 'bash']);
    const trial = [
      script,
      `holdfast() { "${process.execPath}" "${packageRoot}/bin/holdfast.js" "$@"; }`,
      'COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast; echo "${COMPREPLY[*]}"',
    ].join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', trial, 'bash', ...words]);
    return stdout.trim();
  };

  it('in bash offers matching words, options only after a dash, and leaves files to bash', async () => {
    expect(await inBash('calls', 'li')).toBe('list');
    expect(await inBash('calls', 'list', '--er')).toBe('--error-type');
    expect(await inBash('replay', '')).toBe('');
  });

  it('in bash never runs what is typed', async () => {
    expect(await inBash('call', '$(echo list)', '--se')).toBe('--session');
    expect(await inBash('$(echo calls)', 'li')).toBe('');
  });

  it.each(['bash', 'zsh', 'fish', 'powershell'])('prints a script for %s', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('holdfast');
    expect(stdout).toContain('complete --');
  });

  it('for an unknown shell is a usage error', async () => {
    expect(await runCli(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });
});

describe('npx holdfast', () => {
  it('is the command of the checkout', async () => {
    const { stdout } = await promisify(execFile)('npx', ['holdfast', '--version'], { cwd: packageRoot });
    expect(stdout.trim()).toBe(version);
  });
});

it('requested help exits with 0, a missing command prints help and exits with 2', async () => {
  expect(await runCli(['calls', '--help'])).toMatchObject({ code: 0, stderr: '' });
  expect(await runCli(['calls'])).toMatchObject({ code: 2, stdout: '' });
});
