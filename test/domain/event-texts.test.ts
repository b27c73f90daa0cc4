import { describe, expect, it } from 'vitest';
import { mailText, slackMessage } from '../../src/domain/event-texts.ts';

const here = { desk: 'https://gateway.example', project: undefined };
const nowhere = { desk: undefined, project: undefined };
const timestamp = '2026-11-30T08:00:00.000Z';
const changed = {
  type: 'agent.state_changed',
  timestamp,
  data: { agent_name: 'planner', from: 'healthy', to: 'unreachable' },
};
const textOf = (...of: Parameters<typeof slackMessage>): string =>
  (JSON.parse(slackMessage(...of)) as { text: string }).text;

describe('a message of Slack', () => {
  it('says what happened in one line, and has a link below', () => {
    expect(JSON.parse(slackMessage(changed, here))).toEqual({
      text: 'Agent planner is unreachable\nIt was healthy before · <https://gateway.example/agents|Open the desk>',
    });
  });

  it('has no link where the desk is not known', () => {
    expect(textOf(changed, nowhere)).toBe('Agent planner is unreachable\nIt was healthy before');
    expect(textOf({ type: 'disk.full', timestamp, data: {} }, nowhere)).toBe('disk.full');
  });

  it('links to the project of its webhook, and to the first page for what has none', () => {
    expect(textOf({ type: 'disk.full', timestamp, data: {} }, { ...here, project: 'crm & co' })).toBe(
      'disk.full\n<https://gateway.example/?project=crm%20%26%20co|Open the desk>',
    );
  });

  it('cannot be made to mention anybody or to link elsewhere', () => {
    const summary = '<!channel> & <https://evil.example|click> @all';
    const text = textOf({ type: 'alert.fired', timestamp, data: { severity: 'x', summary } }, nowhere);
    expect(text.split('\n')[0]).toBe(
      'Alert, x: &lt;!channel&gt; &amp; &lt;https:/\u200b/evil.example|click&gt; @\u200ball',
    );
  });
});

describe('a mail', () => {
  it('says what happened in its subject, and once more with a link and where it comes from', () => {
    expect(mailText(changed, here, 'Sent by the webhook oncall')).toEqual({
      subject: '[Holdfast] Agent planner is unreachable',
      text: [
        'Agent planner is unreachable.',
        'It was healthy before.',
        'https://gateway.example/agents',
        '-- \nSent by the webhook oncall\n',
      ].join('\n\n'),
    });
  });

  it('leaves out what is not known', () => {
    expect(mailText({ type: 'disk.full', timestamp, data: {} }, nowhere, 'x').text).toBe(
      'disk.full.\n\n-- \nx\n',
    );
  });
});
