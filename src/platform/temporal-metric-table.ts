/** Those of the Temporal SDK's metrics that are passed on, by the names that Temporal's dashboards know. */

export interface TemporalMetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

const queue = ['task_queue'] as const;
const workflow = ['task_queue', 'workflow_type'] as const;

export const temporalMetricTable = {
  temporal_worker_task_slots_available: {
    type: 'gauge',
    help: 'Slots of the worker that are free, by kind of task',
    labels: ['task_queue', 'worker_type'],
  },
  temporal_worker_task_slots_used: {
    type: 'gauge',
    help: 'Slots of the worker that are in use, by kind of task',
    labels: ['task_queue', 'worker_type'],
  },
  temporal_num_pollers: {
    type: 'gauge',
    help: 'Polls that the worker has open',
    labels: ['task_queue', 'poller_type'],
  },
  temporal_sticky_cache_size: {
    type: 'gauge',
    help: 'Workflows that the worker has in memory',
    labels: queue,
  },
  temporal_sticky_cache_hit_total: {
    type: 'counter',
    help: 'Workflow tasks whose workflow was in memory',
    labels: workflow,
  },
  temporal_sticky_cache_miss_total: {
    type: 'counter',
    help: 'Workflow tasks whose workflow was not in memory, so that its history was read',
    labels: workflow,
  },
  temporal_sticky_cache_total_forced_eviction_total: {
    type: 'counter',
    help: 'Workflows that left the memory because others needed the room',
    labels: workflow,
  },
  temporal_workflow_task_queue_poll_succeed_total: {
    type: 'counter',
    help: 'Polls that got a workflow task',
    labels: queue,
  },
  temporal_workflow_task_queue_poll_empty_total: {
    type: 'counter',
    help: 'Polls that ended without a workflow task',
    labels: queue,
  },
  temporal_activity_poll_no_task_total: {
    type: 'counter',
    help: 'Polls that ended without an activity',
    labels: queue,
  },
  temporal_workflow_task_schedule_to_start_latency_seconds: {
    type: 'histogram',
    help: 'How long workflow tasks waited for a worker',
    labels: queue,
  },
  temporal_workflow_task_execution_latency_seconds: {
    type: 'histogram',
    help: 'How long workflow tasks took',
    labels: workflow,
  },
  temporal_workflow_task_replay_latency_seconds: {
    type: 'histogram',
    help: 'How long it took to bring workflows back into memory',
    labels: workflow,
  },
  temporal_workflow_task_execution_failed_total: {
    type: 'counter',
    help: 'Workflow tasks that failed and are done again',
    labels: ['task_queue', 'workflow_type', 'failure_reason'],
  },
  temporal_activity_schedule_to_start_latency_seconds: {
    type: 'histogram',
    help: 'How long activities waited for a worker',
    labels: queue,
  },
  temporal_activity_execution_latency_seconds: {
    type: 'histogram',
    help: 'How long activities took; asking an agent is one',
    labels: ['task_queue', 'activity_type'],
  },
  temporal_activity_execution_failed_total: {
    type: 'counter',
    help: 'Activities that failed; for an agent, one try',
    labels: ['task_queue', 'activity_type'],
  },
  temporal_request_total: {
    type: 'counter',
    help: 'Requests to Temporal',
    labels: ['operation'],
  },
  temporal_request_failure_total: {
    type: 'counter',
    help: 'Requests to Temporal that failed, also those whose answer is that something does not exist',
    labels: ['operation', 'status_code'],
  },
  temporal_request_latency_seconds: {
    type: 'histogram',
    help: 'How long Temporal took to answer',
    labels: ['operation'],
  },
  temporal_long_request_total: {
    type: 'counter',
    help: 'Requests to Temporal that wait for something',
    labels: ['operation'],
  },
  temporal_long_request_failure_total: {
    type: 'counter',
    help: 'Requests to Temporal that wait for something and failed',
    labels: ['operation', 'status_code'],
  },
} as const satisfies Record<string, TemporalMetricRow>;
