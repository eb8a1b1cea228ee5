import type pg from 'pg';

/** One prepared statement. Names are unique among the statements of a connection. */
export type Statement = { readonly name: string; readonly text: string };

/** A statement with its parameters: texts as PostgreSQL reads them, buffers in binary form. */
export type BoundStatement = readonly [Statement, readonly (string | Buffer | null)[]];

/** A row as PostgreSQL wrote it, column by column. */
export type TextRow = (string | null)[];

/**
 * What one statement answered: its command tag (`SELECT 2`, `COMMIT`) and its rows. `types` are those of its columns, by
 * OID, when the train prepared the statement; else null.
 */
export type StatementAnswer = {
  readonly tag: string;
  readonly rows: TextRow[];
  readonly types: readonly number[] | null;
};

/** What the driver tells a Submittable; its types do not list them. */
type Answered = { readonly text: string };
type Described = { readonly fields: readonly { readonly dataTypeID: number }[] };

const NOTHING: ReadonlySet<Statement> = new Set();

/**
 * Several prepared statements as one message: bound and executed one behind the other, with one Sync at the end. The
 * driver's own queries end in a Sync each, and for each PostgreSQL wakes up, answers and reports, and this process reads.
 * When a statement fails, PostgreSQL passes over those behind it, COMMIT included, and the train rejects with its error.
 * Rows come as text. Statements that the connection does not know yet are prepared and described on the way.
 */
class StatementTrain implements pg.Submittable {
  /** The driver replaces it when the train timed out. */
  callback: (error: Error | null) => void;
  readonly answers: StatementAnswer[] = [];
  readonly #bound: readonly BoundStatement[];
  readonly #fresh: Set<Statement>;
  #rows: TextRow[] = [];
  #types: readonly number[] | null = null;

  constructor(
    bound: readonly BoundStatement[],
    fresh: ReadonlySet<Statement>,
    callback: (error: Error | null) => void,
  ) {
    this.#bound = bound;
    this.#fresh = new Set(fresh);
    this.callback = callback;
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    try {
      for (const [statement, values] of this.#bound) {
        const { name, text } = statement;
        const isFresh = this.#fresh.delete(statement);
        if (isFresh) connection.parse({ name, text, types: [] }, true);
        connection.bind({ statement: name, values: values as (string | Buffer | null)[] }, true);
        if (isFresh) connection.describe({ type: 'P' }, true);
        connection.execute(null, true);
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleRowDescription(message: Described): void {
    this.#types = message.fields.map((field) => field.dataTypeID);
  }

  handleDataRow(message: { readonly fields: TextRow }): void {
    this.#rows.push(message.fields);
  }

  handleCommandComplete(message: Answered): void {
    this.answers.push({ tag: message.text, rows: this.#rows, types: this.#types });
    this.#rows = [];
    this.#types = null;
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }
}

/**
 * Sends statements and answers what each answered. All but those of `fresh` are prepared on this connection. Rejects with
 * what the driver throws, the first error of PostgreSQL included; which of `fresh` are prepared is then not known.
 */
export function sendTrain(
  client: pg.Client,
  bound: readonly BoundStatement[],
  fresh: ReadonlySet<Statement> = NOTHING,
): Promise<readonly StatementAnswer[]> {
  return new Promise((resolve, reject) => {
    const train: StatementTrain = new StatementTrain(bound, fresh, (error) =>
      error === null ? resolve(train.answers) : reject(error),
    );
    client.query(train);
  });
}

/** Prepares statements on a fresh connection. Rejects when PostgreSQL does not take one. */
export async function prepareStatements(client: pg.Client, statements: readonly Statement[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const preparation = {
      callback: (error: Error | null) => (error === null ? resolve() : reject(error)),
      submit(connection: pg.Connection) {
        for (const { name, text } of statements) connection.parse({ name, text, types: [] }, true);
        connection.sync();
      },
      handleError(error: Error) {
        this.callback(error);
      },
      handleReadyForQuery() {
        this.callback(null);
      },
    };
    client.query(preparation);
  });
}

/** True for an error that PostgreSQL reported and that leaves its connection alive. */
export function isServerError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}
