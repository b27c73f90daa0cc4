import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** What `agentCall` can be found by in visibility, besides Temporal's own attributes. All keywords. */
export const searchAttributes = {
  agent: keyword('HoldfastAgent'),
  session: keyword('HoldfastSession'),
  user: keyword('HoldfastUser'),
  answeredBy: keyword('HoldfastAnsweredBy'),
  errorType: keyword('HoldfastErrorType'),
  rerunOf: keyword('HoldfastRerunOf'),
} as const;
