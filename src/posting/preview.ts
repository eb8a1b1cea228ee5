import { formatAccountCode } from '../domain/account-code.ts';
import { LAYERS } from '../domain/layer.ts';
import type { Refusal } from '../domain/refusal.ts';
import { LIMITS } from '../limits.ts';
import type { Command } from './command.ts';
import { kindOf, referencesOf } from './command-kinds.ts';
import { decideBatch } from './decide-batch.ts';
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
    const resolved = await resolve(command, parts.store);
    const [earlier] = resolved.values();
    if (parts.heavy !== undefined && kindOf(command).weight(command, earlier) > LIMITS.lightWeight) {
      return await parts.heavy(command);
    }
    const commands = [command];
    const { decisions } = await parts.store.preview({ commands, resolved }, (state, newEntryId) =>
      decideBatch(commands, state, newEntryId),
    );
    const [decision] = decisions;
    if (decision?.outcome === 'refused') return decision;
    if (decision?.outcome !== 'posted') throw new Error('a preview was not decided');
    return { outcome: 'previewed', body: renderPreview(decision) };
  } catch (error) {
    parts.onFailure(error);
    const isBusy = error instanceof StoreFailure && error.kind === 'timeout';
    return { outcome: isBusy ? 'too_busy' : 'unavailable' };
  }
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

/** The lines of every entry that the command would become, numbered on; nothing is restated yet. */
function renderPreview(posted: PostedEntries): string {
  const allocation = allocationIn(receiptFacts(posted, ''));
  const lines = [posted.entry, ...posted.following].flatMap(linesOf);
  const numbered = lines.map((line, index) => ({ sequence: index + 1, ...line }));
  const text = JSON.stringify({ lines: numbered, restates: [] });
  return allocation === null ? text : `{${allocation},${text.slice(1)}`;
}

function linesOf({ draft }: PlannedEntry): readonly Readonly<Record<string, string | null>>[] {
  return draft.lines.map(({ account, amountMinor, loanId, borrowerId, layer }) => ({
    account_code: formatAccountCode(account),
    direction: amountMinor > 0n ? 'DR' : 'CR',
    amount_minor: (amountMinor > 0n ? amountMinor : -amountMinor).toString(),
    currency: draft.currency,
    layer: LAYERS[layer ?? draft.layer],
    loan_id: loanId,
    borrower_id: borrowerId,
    external_ref: draft.externalRef,
  }));
}
