import { posted } from './loan-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** A run as its address shows it. */
export type Run = {
  readonly accrual_run_id: string;
  readonly status: 'running' | 'done';
  readonly loan_count: number;
  readonly skipped_count: number;
  readonly totals: readonly { readonly currency: string; readonly accrued_minor: string }[];
  readonly journal_entry_ids: readonly string[];
};

const WAIT_MS_MAX = 30_000;

/** Runs a program's accruals of a date and waits until that is done. */
export async function runAccruals(tenant: TenantApi, programId: string, date: string): Promise<Run> {
  const asked = await posted(tenant.post('/v1/accruals/runs', { program_id: programId, accrual_date: date }));
  return untilDone(tenant, textAt(asked, 'accrual_run_id'));
}

/** The run once it is done. */
export async function untilDone(tenant: Pick<TenantApi, 'get'>, runId: string): Promise<Run> {
  return untilRun(tenant, runId, ({ status }) => status === 'done');
}

/** The run once it is as wanted. */
export async function untilRun(
  tenant: Pick<TenantApi, 'get'>,
  runId: string,
  wanted: (run: Run) => boolean,
): Promise<Run> {
  const deadline = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const answer = await tenant.get(`/v1/accruals/runs/${runId}`);
    if (answer.status !== 200) throw new Error(`no run: ${answer.status} ${answer.text}`);
    const run = answer.json as Run;
    if (wanted(run)) return run;
    if (performance.now() > deadline) throw new Error(`not so in time: ${answer.text}`);
  }
}

/** What the only currency of a run came to. */
export function accruedBy(run: Run): string | undefined {
  return run.totals[0]?.accrued_minor;
}

/** So many days in a row, from the first on. */
export function daysFrom(first: string, count: number): readonly string[] {
  const begin = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, day) => new Date(begin + day * 86_400_000).toISOString().slice(0, 10));
}
