import { parentPort, workerData } from 'node:worker_threads';
import { type Portion, runPortion } from './run-histories.ts';

// One thread of a run: its portion of the seeds, and one message with what they came to.
parentPort?.postMessage(runPortion(workerData as Portion));
