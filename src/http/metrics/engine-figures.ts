import type { BatchEnd, EngineWatch } from '../../posting/engine-watch.ts';
import { counter, type Family, type Labels } from './exposition.ts';
import { durations, Histogram } from './histogram.ts';

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048];

/** What one posting engine did since the process began. */
class LaneFigures implements EngineWatch {
  readonly queueWait = durations();
  readonly batchDuration = durations();
  readonly batchSize = new Histogram(BATCH_SIZES);
  readonly ends: Record<BatchEnd, number> = {
    decided: 0,
    conflict: 0,
    timeout: 0,
    unavailable: 0,
    unknown: 0,
    fault: 0,
  };
  replays = 0;

  readonly waited = (ms: number): void => this.queueWait.observe(ms);

  readonly batchEnded = (commands: number, ms: number, end: BatchEnd): void => {
    this.batchSize.observe(commands);
    this.batchDuration.observe(ms);
    this.ends[end] += 1;
  };

  readonly replayed = (commands: number): void => {
    this.replays += commands;
  };
}

/** What the posting engines of a process did: that of the serving thread (`light`), and that of the heavy one. */
export class EngineFigures {
  readonly #light = new LaneFigures();
  readonly #heavy = new LaneFigures();
  readonly light: EngineWatch = this.#light;
  readonly heavy: EngineWatch = this.#heavy;

  families(): readonly Family[] {
    const lanes: readonly { readonly labels: Labels; readonly figures: LaneFigures }[] = [
      { labels: { lane: 'light' }, figures: this.#light },
      { labels: { lane: 'heavy' }, figures: this.#heavy },
    ];
    const histograms = (['queueWait', 'batchDuration', 'batchSize'] as const).map(
      (name): Family => ({
        ...HISTOGRAMS[name],
        type: 'histogram',
        series: lanes.map(({ labels, figures }) => ({ labels, histogram: figures[name] })),
      }),
    );
    const batches = lanes.flatMap(({ labels, figures }) =>
      Object.entries(figures.ends).map(([end, value]) => ({ labels: { ...labels, end }, value })),
    );
    const replays = lanes.map(({ labels, figures }) => ({ labels, value: figures.replays }));
    return [
      ...histograms,
      counter('hpts_batches_total', 'Attempts to post a batch, by how they ended.', batches),
      counter('hpts_replays_total', 'Commands answered from what was posted before.', replays),
    ];
  }
}

const HISTOGRAMS = {
  queueWait: { name: 'hpts_queue_wait_seconds', help: 'Time that a command waited for its place in a batch.' },
  batchDuration: { name: 'hpts_batch_duration_seconds', help: 'Time of one attempt to post a batch, COMMIT included.' },
  batchSize: { name: 'hpts_batch_commands', help: 'Commands in one attempt to post a batch.' },
} as const;
