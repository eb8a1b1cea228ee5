import { counter, type Family } from './exposition.ts';
import { durations } from './histogram.ts';

/** What became of attempts to bring events to receivers, since the process began. */
export class WebhookFigures {
  readonly #duration = durations();
  readonly #attempts = new Map<string, number>();
  #deadLetters = 0;

  /** `outcome`: a word of ours, never a receiver's. */
  readonly attempted = (outcome: string, ms: number): void => {
    this.#attempts.set(outcome, (this.#attempts.get(outcome) ?? 0) + 1);
    this.#duration.observe(ms);
  };

  readonly becameDeadLetter = (): void => {
    this.#deadLetters += 1;
  };

  families(): readonly Family[] {
    const attempts = Array.from(this.#attempts, ([outcome, value]) => ({ labels: { outcome }, value }));
    return [
      counter('hpts_webhook_attempts_total', 'Attempts to bring an event to a receiver, by outcome.', attempts),
      counter('hpts_webhook_dead_letters_total', 'Events given up after all their attempts.', [
        { value: this.#deadLetters },
      ]),
      {
        name: 'hpts_webhook_attempt_duration_seconds',
        help: 'Time of one attempt to bring an event to a receiver.',
        type: 'histogram',
        series: [{ histogram: this.#duration }],
      },
    ];
  }
}
