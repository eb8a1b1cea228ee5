import { formatAccountCode } from '../domain/account-code.ts';
import type { DraftLine } from '../domain/journal-entry.ts';
import { LAYERS } from '../domain/layer.ts';
import type { Refusal } from '../domain/refusal.ts';
import { LIMITS } from '../limits.ts';
import type { Command } from './command.ts';
import { kindOf, referencesOf } from './command-kinds.ts';
import { type Decision, decideBatch } from './decide-batch.ts';
import { firstEntryIdOf, isRebooking } from './entry-id.ts';
import type { PostedEntries } from './kinds/command-kind.ts';
import type { ResolvedEntry } from './ledger-state.ts';
import { receiptFacts } from './posted-receipt.ts';
import type { PlannedEntry } from './posting-plan.ts';
import { type PostingStore, StoreFailure } from './posting-store.ts';
import { allocationIn } from './receipt.ts';
import { entryIdOf } from './reference.ts';

/** What a caller learns who asks what a command would do. */
export type PreviewOutcome =
  | { readonly outcome: 'previewed'; readonly body: string }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'too_busy' }
  | { readonly outcome: 'unavailable' };

export type PreviewParts = {
  readonly store: Pick<PostingStore, 'resolve' | 'preview'>;
  /** Takes a command that is too heavy for this thread; absent where this is the heavy one. */
  readonly heavy?: (command: Command) => Promise<PreviewOutcome>;
  readonly onFailure: (error: unknown) => void;
};

/**
 * Says what a command would post, decided by the code that posts on one snapshot of the same state, and writes nothing. Its
 * key is not looked at. Never rejects: what goes wrong is an outcome.
 */
export async function previewCommand(command: Command, parts: PreviewParts): Promise<PreviewOutcome> {
  try {
    // An entry that the command names may be restated while it is looked up: then it is looked up again.
    for (let attempt = 1; attempt <= LIMITS.batchAttempts; attempt += 1) {
      const decision = await decide(command, parts);
      if (decision.outcome === 'refused') return decision;
      if (decision.outcome === 'posted') return { outcome: 'previewed', body: renderPreview(decision) };
      if (decision.outcome !== 'deferred') throw new Error('a preview was not decided');
      if (parts.heavy !== undefined) return await parts.heavy(command);
    }
    return { outcome: 'too_busy' };
  } catch (error) {
    parts.onFailure(error);
    const isBusy = error instanceof StoreFailure && error.kind === 'timeout';
    return { outcome: isBusy ? 'too_busy' : 'unavailable' };
  }
}

/** `deferred` also where the command is for the heavy thread. */
async function decide(command: Command, { store, heavy }: PreviewParts): Promise<Decision> {
  const resolved = await resolve(command, store);
  const [earlier] = resolved.values();
  if (heavy !== undefined && kindOf(command).weight(command, earlier) > LIMITS.lightWeight) {
    return { outcome: 'deferred', histories: [] };
  }
  const commands = [command];
  const batch = { commands, resolved, readsHistories: heavy === undefined };
  const { decisions } = await store.preview(batch, (state, newEntryId) => decideBatch(commands, state, newEntryId));
  const [decision] = decisions;
  if (decision === undefined) throw new Error('a preview of one command answered no decision');
  return decision;
}

async function resolve(
  command: Command,
  store: Pick<PostingStore, 'resolve'>,
): Promise<ReadonlyMap<string, ResolvedEntry>> {
  const references = referencesOf(command);
  if (references.length === 0) return new Map();
  const { tenantId } = command;
  return store.resolve(references.map((reference) => ({ tenantId, entryId: entryIdOf(reference) })));
}

/** The lines of every entry of the command's own event, numbered on, and those that it restates. */
function renderPreview(posted: PostedEntries): string {
  const allocation = allocationIn(receiptFacts(posted, ''));
  const replaced = new Set<PlannedEntry>();
  const restates = posted.following.flatMap((entry, index) => {
    if (!isRebooking(entry.entryId)) return [];
    const mirror = posted.following[index - 1];
    replaced.add(entry);
    if (mirror?.draft.reversesEntryId == null || entry.draft.loanId === null) return [differenceOf(entry)];
    replaced.add(mirror);
    return [
      {
        journal_entry_id: mirror.draft.reversesEntryId,
        lines_before: numbered(
          mirror.draft.lines.map(({ amountMinor, ...line }) => ({ ...line, amountMinor: -amountMinor })),
          mirror,
        ),
        lines_after: numbered(entry.draft.lines, entry),
      },
    ];
  });
  const own = [posted.entry, ...posted.following.filter((entry) => !replaced.has(entry))];
  const lines = own.flatMap((entry) => linesOf(entry.draft.lines, entry)).map(numberedAs);
  const text = JSON.stringify({ lines, restates });
  return allocation === null ? text : `{${allocation},${text.slice(1)}`;
}

/** Of an accrual over several loans: what is posted to it in addition. */
function differenceOf(entry: PlannedEntry): Readonly<Record<string, unknown>> {
  const lines_after = numbered(entry.draft.lines, entry);
  return { journal_entry_id: firstEntryIdOf(entry.eventId), lines_before: [], lines_after };
}

type LineBody = Readonly<Record<string, string | null>>;

function numbered(lines: readonly DraftLine[], entry: PlannedEntry): readonly object[] {
  return linesOf(lines, entry).map(numberedAs);
}

function numberedAs(line: LineBody, index: number): object {
  return { sequence: index + 1, ...line };
}

function linesOf(lines: readonly DraftLine[], { draft }: PlannedEntry): readonly LineBody[] {
  return lines.map(({ account, amountMinor, loanId, borrowerId, layer, currency }) => ({
    account_code: formatAccountCode(account),
    direction: amountMinor > 0n ? 'DR' : 'CR',
    amount_minor: (amountMinor > 0n ? amountMinor : -amountMinor).toString(),
    currency: currency ?? draft.currency,
    layer: LAYERS[layer ?? draft.layer],
    loan_id: loanId,
    borrower_id: borrowerId,
    external_ref: draft.externalRef,
  }));
}
