/**
 * The bytes by which an entry is sealed (TRUST.md section 3). They must be the same for as long as the entry exists, so
 * their form is fixed before the first entry is posted: journal-leaf.golden.txt holds examples, and a new form is a new
 * version byte beside the old. Nothing seals entries yet; whoever will, seals these bytes.
 */

/** The first byte of a leaf. */
const LEAF_VERSION = 1;

/** A JSON value without numbers that a double could change: what an event's input is made of. */
type LeafInput = string | number | null | { readonly [name: string]: LeafInput } | readonly LeafInput[];

/**
 * What is sealed of an entry. Ids in lower case; `seq` in decimal; `postedAt` RFC 3339 with six digits; hashes in lower-case
 * hex; an absent value is null, never left out.
 */
export type SealedEntry = {
  readonly tenantId: string;
  readonly seq: bigint;
  readonly entryId: string;
  readonly eventId: string;
  readonly correlationId: string;
  readonly reversesEntryId: string | null;
  readonly eventType: string;
  readonly effectiveAt: string;
  readonly postedAt: string;
  readonly keySha256: string | null;
  readonly payloadHash: string | null;
  readonly actor: string;
  readonly description: string | null;
  readonly eventInput: LeafInput;
  readonly metadataSha256: string | null;
  readonly lines: readonly SealedLine[];
};

/** One line, by sequence; `amountMinor` at least 1, its side in `direction`. */
export type SealedLine = {
  readonly account: string;
  readonly direction: 'DR' | 'CR';
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: string;
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  readonly externalRef: string | null;
};

/** The leaf: a version byte, then the entry as RFC 8785 JSON in UTF-8. */
export function leafBytes(entry: SealedEntry): Uint8Array {
  const text = canonical({
    tenant_id: entry.tenantId,
    seq: entry.seq.toString(),
    entry_id: entry.entryId,
    event_id: entry.eventId,
    correlation_id: entry.correlationId,
    reverses_entry_id: entry.reversesEntryId,
    event_type: entry.eventType,
    effective_at: entry.effectiveAt,
    posted_at: entry.postedAt,
    key_sha256: entry.keySha256,
    payload_hash: entry.payloadHash,
    actor: entry.actor,
    description: entry.description,
    event_input: entry.eventInput,
    metadata_sha256: entry.metadataSha256,
    lines: entry.lines.map((line) => ({
      account: line.account,
      direction: line.direction,
      amount_minor: line.amountMinor.toString(),
      currency: line.currency,
      layer: line.layer,
      loan_id: line.loanId,
      borrower_id: line.borrowerId,
      external_ref: line.externalRef,
    })),
  });
  const json = new TextEncoder().encode(text);
  const leaf = new Uint8Array(json.length + 1);
  leaf[0] = LEAF_VERSION;
  leaf.set(json, 1);
  return leaf;
}

/** RFC 8785: names sorted by UTF-16 code units, numbers and strings as ECMAScript writes them. */
function canonical(value: LeafInput): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value as { readonly [name: string]: LeafInput });
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
