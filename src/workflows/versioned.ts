/**
 * The bundle of versioned workers: the same workflows, each with its versioning behaviour (ADR 0012). It is a separate bundle,
 * because the server accepts a behaviour only from versioned workers.
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import {
  accessDirectory,
  agentCall,
  agentDirectory,
  agentHealth,
  alertBook,
  callbackDelivery,
  clusterTerms,
  endings,
  keyUsage,
  rerunBatch,
  rerunLink,
  session,
  webhookDelivery,
  webhookDirectory,
} from './index.ts';

// A call ends on the version that began it.
setWorkflowOptions({ versioningBehavior: 'PINNED' }, agentCall);
// A batch may take days, so it moves to new versions; its code is small and every change is patched.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, rerunBatch);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, rerunLink);
// Entities outlive every upgrade, so their next task runs on the current version.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, session);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, agentDirectory);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, agentHealth);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, alertBook);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, clusterTerms);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, accessDirectory);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, keyUsage);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, endings);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, webhookDirectory);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, webhookDelivery);
// It may be tried for days.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, callbackDelivery);

export * from './index.ts';
