import pg from 'pg';
import { type BoundStatement, type Statement, type StatementAnswer, sendTrain } from '../statement-train.ts';

type Parser = (text: string) => unknown;

/** What a read sends along: texts, numbers, binary arrays; null for NULL. */
export type ReadValue = string | number | bigint | boolean | Buffer | null;

const SET_TENANTS: Statement = { name: 'set_tenants', text: `SELECT set_config('hpts.tenants', $1, false)` };
const BEGIN: Statement = { name: 'begin', text: 'BEGIN' };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT' };

/** One statement, or several of which each begins after the one before it ended; answered are the last one's rows. */
export type Read = {
  /** What row-level security shows to it, comma-separated. */
  readonly tenantIds: string;
  readonly statements: readonly (readonly [Statement, readonly ReadValue[]])[];
};

/**
 * A connection that reads, for one train at a time. It remembers which statements it has prepared, how their columns are
 * parsed, and which tenants row-level security shows, so that the setting is sent only when it changes.
 */
export class ReaderConnection {
  readonly client: pg.Client;
  readonly #parsers = new Map<Statement, readonly Parser[]>();
  #tenantIds: string | null = null;

  constructor(client: pg.Client) {
    this.client = client;
  }

  /**
   * Reads that share a round trip; the rows of each, as the driver's parsers make them. Rejects with the first error: then
   * none is answered.
   */
  async read(reads: readonly Read[]): Promise<unknown[][][]> {
    const bound: BoundStatement[] = [];
    const last: number[] = [];
    for (const read of reads) {
      if (read.tenantIds !== this.#tenantIds) bound.push([SET_TENANTS, [read.tenantIds]]);
      this.#tenantIds = read.tenantIds;
      const inOrder = read.statements.length > 1;
      if (inOrder) bound.push([BEGIN, []]);
      for (const [statement, values] of read.statements) bound.push([statement, values.map(asText)]);
      last.push(bound.length - 1);
      if (inOrder) bound.push([COMMIT, []]);
    }
    try {
      const answers = await sendTrain(this.client, bound, this.#unknown(bound));
      this.#learn(bound, answers);
      return last.map((index) => this.#rowsOf(bound[index]?.[0], answers[index]));
    } catch (error) {
      // The setting is taken back with everything else that stood in front of the error.
      this.#tenantIds = null;
      throw error;
    }
  }

  #unknown(bound: readonly BoundStatement[]): Set<Statement> {
    return new Set(bound.map(([statement]) => statement).filter((statement) => !this.#parsers.has(statement)));
  }

  #learn(bound: readonly BoundStatement[], answers: readonly StatementAnswer[]): void {
    for (const [index, [statement]] of bound.entries()) {
      if (this.#parsers.has(statement)) continue;
      this.#parsers.set(statement, (answers[index]?.types ?? []).map(parserOf));
    }
  }

  #rowsOf(statement: Statement | undefined, answer: StatementAnswer | undefined): unknown[][] {
    const parsers = statement === undefined ? undefined : this.#parsers.get(statement);
    if (parsers === undefined || answer === undefined) throw new Error('a train answered less than was asked');
    return answer.rows.map((row) => row.map((text, column) => (text === null ? null : parsers[column]?.(text))));
  }
}

function parserOf(type: number): Parser {
  return pg.types.getTypeParser(type, 'text');
}

function asText(value: ReadValue): string | Buffer | null {
  return value === null || Buffer.isBuffer(value) ? value : String(value);
}
