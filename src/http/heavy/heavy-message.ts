import type { DatabaseAddress } from '../../postgres/connection.ts';
import type { Command } from '../../posting/command.ts';
import type { Outcome } from '../../posting/engine.ts';
import type { BatchEnd } from '../../posting/engine-watch.ts';
import type { PreviewOutcome } from '../../posting/preview.ts';
import type { Sender } from '../posting-operation.ts';
import type { Problem } from '../problem.ts';

/** What the thread is started with; `watched`: it tells what its engine does, for whoever counts. */
export type HeavyThreadData = { readonly address: DatabaseAddress; readonly watched: boolean };

/** What the serving thread asks of the heavy one; each question has a number of its own. */
export type HeavyQuestion =
  | { readonly id: number; readonly ask: 'post' | 'preview'; readonly command: Command }
  | {
      readonly id: number;
      readonly ask: 'read_and_post' | 'read_and_preview';
      readonly path: string;
      readonly sender: Sender;
      readonly bytes: Uint8Array;
    }
  | { readonly id: number; readonly ask: 'begin_nothing' | 'stop' };

/** What the thread's engine tells its watch (src/posting/engine-watch.ts), as it crosses threads. */
export type HeavyFigure =
  | { readonly what: 'waited'; readonly ms: number }
  | { readonly what: 'batchEnded'; readonly commands: number; readonly ms: number; readonly end: BatchEnd }
  | { readonly what: 'replayed'; readonly commands: number };

export type HeavyAnswer =
  | { readonly id: number; readonly outcome: Outcome | PreviewOutcome | { readonly problem: Problem } }
  | { readonly id: null; readonly figure: HeavyFigure }
  | { readonly id: null; readonly failure: string };
