import type { TestAgents } from '../agents/test-agents.ts';
import type { Random } from '../random.ts';
import type { Secrets } from '../secrets.ts';
import type { Api } from './api.ts';
import type { CallClient } from './call-client.ts';
import type { Journal } from './journal.ts';
import type { SessionPool } from './session-pool.ts';

/** The context of the load's steps. */
export interface Stage {
  readonly api: Api;
  readonly calls: CallClient;
  readonly journal: Journal;
  readonly testAgents: TestAgents;
  readonly sessions: SessionPool;
  readonly secrets: Secrets;
  readonly random: Random;
}

/** The deadline of most calls. It includes the wait for a turn. */
export const deadlineSeconds = 40;
