import type { StoreFailureKind } from './posting-store.ts';

/** How an attempt to post a batch ended; `fault` is one of ours. */
export type BatchEnd = 'decided' | StoreFailureKind | 'fault';

/** Told by the engine what it does, for whoever counts. Called on the way of every payment: it must do next to nothing. */
export type EngineWatch = {
  /** A command has its place in a batch; `ms` since it was accepted. */
  readonly waited: (ms: number) => void;
  /** `ms` from the first statement to the answer of COMMIT, or of ROLLBACK where everything was refused. */
  readonly batchEnded: (commands: number, ms: number, end: BatchEnd) => void;
  /** So many commands of a batch were answered from what was posted before. */
  readonly replayed: (commands: number) => void;
};
