/** Messages of several parts: stored, read, sent, forked, exported and imported as they were appended. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid } from './problem.ts';
import { echo } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('a message of several parts', () => {
  const node = useNode({
    HOLDFAST_INLINE_BYTES: '1024',
    HOLDFAST_MAX_PROMPT_BYTES: '20000',
    HOLDFAST_SESSION_OLDER_BYTES: '4096',
    HOLDFAST_WINDOW_MESSAGES: '4',
  });
  const long = `${'l'.repeat(5_000)} the end`;
  const parts = [
    { type: 'text', text: 'Look at this:' },
    { type: 'text', text: long },
  ];
  const content = `Look at this:\n\n${long}`;
  const pathOf = (id: string): string => `/api/vps/sessions/${id}`;
  const append = (id: string, messages: Json[]) => node.http.post(`${pathOf(id)}/messages`, { messages });
  const messagesOf = async (id: string): Promise<Json[]> =>
    (await node.http.get(pathOf(id))).body.messages as Json[];

  it('is read with its parts and as one text, and is sent as one text', async () => {
    expect((await append('read', [{ role: 'user', parts }])).status).toBe(200);
    expect(await messagesOf('read')).toMatchObject([{ role: 'user', content, parts }]);

    const agent = await node.agent('echo', echo);
    await node.http.call({ agent_name: 'echo', prompt: 'Well?', session_id: 'read' });
    expect((agent.requests[0]?.body as { messages: Json[] }).messages).toEqual([
      { role: 'user', content },
      { role: 'user', content: 'Well?' },
    ]);
  });

  it('is the same in a fork, in an export, and after an import, also among older messages', async () => {
    const messages = Array.from({ length: 12 }, () => ({ role: 'user', parts }));
    await append('whole', messages);
    const before = await messagesOf('whole');
    expect(before).toMatchObject(messages.map(({ role }) => ({ role, content, parts })));

    await node.http.post(`${pathOf('whole')}/fork`, { session_id: 'forked' });
    const exported = await node.http.get('/api/vps/sessions/export');
    const { whole } = exported.body.sessions as Record<string, Json>;
    await node.http.delete(pathOf('whole'));
    await node.http.post('/api/vps/sessions/import', {
      sessions: { imported: { ...whole, session_id: 'imported' } },
    });

    expect(await messagesOf('forked')).toEqual(before);
    expect(await messagesOf('imported')).toEqual(before);
  });

  it('with one part is a text', async () => {
    await append('one', [{ role: 'user', parts: [{ type: 'text', text: 'alone' }] }]);
    const [message] = await messagesOf('one');
    expect(message).toMatchObject({ content: 'alone' });
    expect(message).not.toHaveProperty('parts');
  });

  it('of too many parts is refused, also by an import', async () => {
    const many = Array.from({ length: 100 }, () => ({ type: 'text', text: 'x' }));
    const append11 = await append(
      'wrong',
      Array.from({ length: 11 }, () => ({ role: 'user', parts: many })),
    );
    expectInvalid(append11, 'messages');
    const at = new Date().toISOString();
    const message = { timestamp: at, role: 'user', content: 'x', parts: [...many, ...many] };
    const session = { created_at: at, last_activity: at, messages: [message] };
    const { body } = await node.http.post('/api/vps/sessions/import', { sessions: { wrong: session } });
    expect(body).toMatchObject({
      imported: 0,
      invalid: [{ error: expect.stringContaining('messages.0.parts: at most 100') as string }],
    });
  });

  it.each<[wrong: Json, ...fields: string[]]>([
    [{ parts: [] }, 'messages.0.parts'],
    [{ parts: [{ type: 'image', text: 'x' }] }, 'messages.0.parts.0.type'],
    [{ parts: [{ type: 'text', text: '' }] }, 'messages.0.parts.0.text'],
    [{ parts: [{ type: 'text', text: 'x'.repeat(20_000) }] }, 'messages.0.parts.0.text', 'messages.0.parts'],
    [
      { parts: Array.from({ length: 2 }, () => ({ type: 'text', text: 'x'.repeat(15_000) })) },
      'messages.0.parts',
    ],
    [{ parts: Array.from({ length: 101 }, () => ({ type: 'text', text: 'x' })) }, 'messages.0.parts'],
    [{ content: 'x', parts }, 'messages.0.content'],
    [{ content: 'x', parts: [1] }, 'messages.0.parts.0'],
    [{}, 'messages.0.content'],
  ])('is refused if it is wrong, and the error names the field: %#', async (wrong, ...fields) => {
    expectInvalid(await append('wrong', [{ role: 'user', ...wrong }]), ...fields);
    expect((await node.http.get(pathOf('wrong'))).status).toBe(404);
  });
});
