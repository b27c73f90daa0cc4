import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** The search attributes of `agentCall` in visibility, besides Temporal's own. All are of type Keyword. */
export const searchAttributes = {
  agent: keyword('HoldfastAgent'),
  session: keyword('HoldfastSession'),
  user: keyword('HoldfastUser'),
  answeredBy: keyword('HoldfastAnsweredBy'),
  errorType: keyword('HoldfastErrorType'),
  rerunOf: keyword('HoldfastRerunOf'),
} as const;
