import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/**
 * The search attributes of `agentCall` in visibility, besides Temporal's own. All are of type Keyword, of which Temporal's SQL
 * stores have ten columns (docs/architecture.md). `rerunBatch` has `project`, too.
 */
export const searchAttributes = {
  agent: keyword('HoldfastAgent'),
  session: keyword('HoldfastSession'),
  user: keyword('HoldfastUser'),
  answeredBy: keyword('HoldfastAnsweredBy'),
  errorType: keyword('HoldfastErrorType'),
  rerunOf: keyword('HoldfastRerunOf'),
  /** Not set for what belongs to `default`, which has calls from before projects existed. */
  project: keyword('HoldfastProject'),
} as const;
