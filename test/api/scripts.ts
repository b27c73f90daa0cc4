/** Scripts of agents that several tests share. */
import type { Reply, Script, ScriptedRequest } from '../agents/scripted-agent.ts';

export const says =
  (content: string): Script =>
  () => ({ body: { content } });

/** Repeats the prompt. */
export const echo = ({ body }: ScriptedRequest): Reply => {
  const { messages } = body as { messages: { content: string }[] };
  return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
};

/** Answers only once it is opened, and at once from then on. */
export function gated(content: string): { readonly script: Script; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    script: async () => {
      await opened;
      return { body: { content } };
    },
    open: () => open(),
  };
}
