import { LIMITS } from '../../limits.ts';

/** How often an event is tried, and how long between attempts; only tests have another. */
export type RetryPace = { readonly attempts: number; readonly baseMs: number; readonly maxMs: number };

export const RETRY_PACE: RetryPace = {
  attempts: LIMITS.webhookAttempts,
  baseMs: LIMITS.webhookRetryBaseMs,
  maxMs: LIMITS.webhookRetryMaxMs,
};

/**
 * The pause after the `failures`th failed attempt, null when it was the last. It doubles from attempt to attempt up to
 * the longest, and a part between the half and the whole of it is taken, so that endpoints that failed together do not all
 * come back together. `chance` lies in 0 to 1.
 */
export function pauseAfter(failures: number, pace: RetryPace, chance: number): number | null {
  if (failures >= pace.attempts) return null;
  const whole = Math.min(pace.maxMs, pace.baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(whole * (0.5 + chance / 2));
}
