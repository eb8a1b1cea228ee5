import type pg from 'pg';

/** One prepared statement. Names are unique among the statements of a connection. */
export type Statement = { readonly name: string; readonly text: string };

/** A statement with its parameters: texts as PostgreSQL reads them, buffers in binary form. */
export type BoundStatement = readonly [Statement, readonly (string | Buffer | null)[]];

/** A row as PostgreSQL wrote it, column by column. */
export type TextRow = (string | null)[];

/** What one statement answered: its command tag (`SELECT 2`, `COMMIT`) and its rows. */
export type StatementAnswer = { readonly tag: string; readonly rows: TextRow[] };

/** What the driver tells a Submittable; its types do not list them. */
type Answered = { readonly text: string };

/**
 * Several prepared statements as one message: bound and executed one behind the other, with one Sync at the end. The
 * driver's own queries end in a Sync each, and for each PostgreSQL wakes up, answers and reports, and this process reads.
 * When a statement fails, PostgreSQL passes over those behind it, COMMIT included, and the train rejects with its error.
 * Rows come as text and undescribed: whoever asks knows the columns.
 */
class StatementTrain implements pg.Submittable {
  /** The driver replaces it when the train timed out. */
  callback: (error: Error | null) => void;
  readonly answers: StatementAnswer[] = [];
  readonly #bound: readonly BoundStatement[];
  #rows: TextRow[] = [];

  constructor(bound: readonly BoundStatement[], callback: (error: Error | null) => void) {
    this.#bound = bound;
    this.callback = callback;
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    try {
      for (const [{ name }, values] of this.#bound) {
        connection.bind({ statement: name, values: values as (string | Buffer | null)[] }, true);
        connection.execute(null, true);
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleRowDescription(): void {
    // Nothing asks PostgreSQL to describe its rows; the driver expects to be able to tell.
  }

  handleDataRow(message: { readonly fields: TextRow }): void {
    this.#rows.push(message.fields);
  }

  handleCommandComplete(message: Answered): void {
    this.answers.push({ tag: message.text, rows: this.#rows });
    this.#rows = [];
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }
}

/**
 * Sends statements, all of them prepared on this connection before, and answers what each answered. Rejects with what the
 * driver throws, the first error of PostgreSQL included.
 */
export function sendTrain(client: pg.Client, bound: readonly BoundStatement[]): Promise<readonly StatementAnswer[]> {
  return new Promise((resolve, reject) => {
    const train: StatementTrain = new StatementTrain(bound, (error) =>
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
