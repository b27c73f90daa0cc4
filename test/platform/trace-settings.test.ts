import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';
import { traceSettings } from '../../src/platform/trace-settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('spans are sent', () => {
  it.each([
    ['the exporter is otlp', { OTEL_TRACES_EXPORTER: 'otlp' }],
    ['there is an endpoint', endpoint],
    ['there is one for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }],
    ['the rest is blank', { ...endpoint, OTEL_TRACES_EXPORTER: ' ', OTEL_SDK_DISABLED: '' }],
    ['the SDK is not disabled', { ...endpoint, OTEL_SDK_DISABLED: 'false' }],
  ])('if %s', (_why, environment) => {
    expect(traceSettings(environment)).toEqual({ protocol: 'http/protobuf' });
  });

  it('with JSON if the protocol says so; that of traces comes first', () => {
    const json = { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    expect(traceSettings(json)).toEqual({ protocol: 'http/json' });
    expect(traceSettings({ ...json, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' })).toEqual({
      protocol: 'http/protobuf',
    });
  });
});

it.each([
  ['by default', {}],
  ['with a blank endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
  ['without an exporter', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }],
  ['if the SDK is disabled', { ...endpoint, OTEL_SDK_DISABLED: 'TRUE', OTEL_TRACES_EXPORTER: 'console' }],
  ['if only metrics have an endpoint', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318' }],
])('no spans are sent %s', (_why, environment) => {
  expect(traceSettings(environment)).toBeUndefined();
});

it('a node does not start with what it cannot do', () => {
  expect(() => loadConfig({ OTEL_TRACES_EXPORTER: 'console' })).toThrow(
    "OTEL_TRACES_EXPORTER: takes otlp or none, not 'console'",
  );
  for (const name of ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'])
    expect(() => loadConfig({ ...endpoint, [name]: 'grpc' })).toThrow(
      `${name}: takes http/protobuf or http/json, not 'grpc'; send to the collector's HTTP port, usually 4318`,
    );
});
