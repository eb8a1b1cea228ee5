import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { LIMITS } from '../../limits.ts';
import { counter, type Family, gauge } from './exposition.ts';
import { durations } from './histogram.ts';

/** CPU, memory and event loop of this process, under the names that Prometheus clients give them where there are any. */
export class ProcessFigures {
  readonly #late = durations();
  readonly #timer: NodeJS.Timeout;
  #dueMs = performance.now() + LIMITS.eventLoopSampleMs;

  /** Begins to look at the event loop, until stop(). */
  constructor() {
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.#late.observe(Math.max(0, nowMs - this.#dueMs));
      this.#dueMs = nowMs + LIMITS.eventLoopSampleMs;
    }, LIMITS.eventLoopSampleMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async families(): Promise<readonly Family[]> {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const loop = performance.eventLoopUtilization();
    const descriptors = await openDescriptors();
    const one = (value: number): readonly { value: number }[] => [{ value }];
    return [
      counter('process_cpu_user_seconds_total', 'User CPU time, every thread.', one(user / 1e6)),
      counter('process_cpu_system_seconds_total', 'System CPU time, every thread.', one(system / 1e6)),
      counter('process_cpu_seconds_total', 'User and system CPU time, every thread.', one((user + system) / 1e6)),
      gauge('process_resident_memory_bytes', 'Resident memory.', one(memory.rss)),
      gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', one(startSeconds())),
      gauge('process_open_fds', 'Open file descriptors.', descriptors === null ? [] : one(descriptors)),
      gauge('nodejs_heap_size_total_bytes', 'Heap of the serving thread.', one(memory.heapTotal)),
      gauge('nodejs_heap_size_used_bytes', 'Used heap of the serving thread.', one(memory.heapUsed)),
      gauge('nodejs_external_memory_bytes', 'Memory outside of the heap.', one(memory.external)),
      counter('hpts_event_loop_active_seconds_total', 'Time the serving thread was busy.', one(loop.active / 1e3)),
      counter('hpts_event_loop_idle_seconds_total', 'Time the serving thread waited.', one(loop.idle / 1e3)),
      {
        name: 'hpts_event_loop_delay_seconds',
        help: 'How late a timer of the serving thread is.',
        type: 'histogram',
        series: [{ histogram: this.#late }],
      },
    ];
  }
}

function startSeconds(): number {
  return performance.timeOrigin / 1_000;
}

/** null where the system does not tell. */
async function openDescriptors(): Promise<number | null> {
  try {
    return (await readdir('/proc/self/fd')).length;
  } catch {
    // No such folder on this system; the figure is then left out.
    return null;
  }
}
