/**
 * A stand-alone worker: the activities and workflows without the facade, for a Temporal server that the environment
 * names. Any number may run beside any number of facades.
 */
import { runStandAloneWorker } from './src/node/start-worker.ts';
import { runMain } from './src/platform/shutdown.ts';

await runMain(runStandAloneWorker);
