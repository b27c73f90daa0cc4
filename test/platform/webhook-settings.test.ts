import { expect, test } from 'vitest';
import { besideTemporal } from '../../src/platform/webhook-settings.ts';

const rules = { allow: [], allowsLoopback: true, refusedPorts: [80] };

test('beside a Temporal server its ports are refused, also those that it takes later', () => {
  let ports = [7_233, 40_001];
  const beside = besideTemporal(rules, { address: '127.0.0.1:7233', ports: () => ports });
  expect(beside.allowsLoopback).toBe(true);
  expect(beside.refusedPorts).toEqual([80, 7_233, 7_243, 7_253, 8_233, 40_001]);
  ports = [7_233, 40_002];
  expect(beside.refusedPorts).toContain(40_002);
});

test('a server elsewhere, which a profile of the Temporal config file may name, closes loopback', () => {
  expect(besideTemporal(rules, { address: 'temporal.example:7233' }).allowsLoopback).toBe(false);
  const closed = { ...rules, allowsLoopback: false };
  expect(besideTemporal(closed, { address: '127.0.0.1:7233' }).allowsLoopback).toBe(false);
});
