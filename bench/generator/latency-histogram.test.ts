import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from './latency-histogram.ts';

describe('LatencyHistogram', () => {
  it('answers every quantile within 1 % of the exact one', () => {
    const latencies = fc.array(fc.integer({ min: 0, max: 60_000_000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.record(value);
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? 0;
        const answered = histogram.quantileUs(share);
        expect(answered).toBeGreaterThanOrEqual(exact);
        expect(answered).toBeLessThanOrEqual(exact * 1.01 + 1);
      }),
    );
  });

  it('answers zero when nothing was recorded', () => {
    expect(new LatencyHistogram().summary()).toEqual({ p50Us: 0, p90Us: 0, p99Us: 0, p999Us: 0, maxUs: 0 });
  });
});
