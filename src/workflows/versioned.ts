/**
 * The bundle of versioned workers: the same workflows, and what an upgrade does to each (ADR 0012). It is one of its
 * own because the server takes a behaviour from versioned workers only.
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import {
  agentCall,
  agentDirectory,
  agentHealth,
  clusterTerms,
  rerunBatch,
  rerunLink,
  session,
} from './index.ts';

// A call stays with the version that began it.
setWorkflowOptions({ versioningBehavior: 'PINNED' }, agentCall);
// A batch may take days; its code is small and every change of it is patched.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, rerunBatch);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, rerunLink);
// Entities live through every upgrade: their next task goes to the version that is current then.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, session);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, agentDirectory);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, agentHealth);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, clusterTerms);

export * from './index.ts';
