/** The exports of the workers' bundle: every workflow type, under its Temporal name. */
export { accessDirectory } from './access-directory.ts';
export { agentCall } from './agent-call.ts';
export { agentDirectory } from './agent-directory.ts';
export { agentHealth } from './agent-health.ts';
export { alertBook } from './alert-book.ts';
export { clusterTerms } from './cluster-terms.ts';
export { endings } from './endings.ts';
export { keyUsage } from './key-usage.ts';
export { rerunBatch } from './rerun-batch.ts';
export { rerunLink } from './rerun-link.ts';
export { session } from './session.ts';
export { webhookDelivery } from './webhook-delivery.ts';
export { webhookDirectory } from './webhook-directory.ts';
export { callbackDelivery } from './callback-delivery.ts';
