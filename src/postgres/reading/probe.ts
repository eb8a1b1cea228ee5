import type { ReaderPool, ReadStatement } from './reader-pool.ts';

const PROBE: ReadStatement = { brief: true, name: 'probe', text: 'SELECT 1' };

/** Whether the database answers, and how fast. Never rejects. */
export async function probeDatabase(reader: ReaderPool): Promise<{ readonly ok: boolean; readonly latencyMs: number }> {
  const beganMs = performance.now();
  try {
    await reader.read('', PROBE, []);
    return { ok: true, latencyMs: performance.now() - beganMs };
  } catch {
    // That it does not answer is the answer; why is in the log of whoever needed it.
    return { ok: false, latencyMs: performance.now() - beganMs };
  }
}
