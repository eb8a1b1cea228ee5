import type { DatabaseAddress } from '../postgres/connection.ts';

/** The database a command works on: the one of HPTS_DATABASE_URL, or the embedded one of the data folder. */
export type OpenDatabase = {
  readonly address: DatabaseAddress;
  /** Which one it is, for people: the data folder, or database and host; never a password. */
  readonly name: string;
  /** Where the instance of the data folder keeps its master key; HPTS_MASTER_KEY_FILE, when set, goes before it. */
  readonly masterKeyFile?: string;
  /** Ends what had to be started for the command; a server that ran before goes on. */
  close(): Promise<void>;
};

/** What a command may touch of the world around it. */
export type CommandContext = {
  /** To write in: on the newest schema, and made where there was none. */
  readonly openDatabase: () => Promise<OpenDatabase>;
  /** The ledger that is there, as it is: none is made and none migrated. */
  readonly openLedger: () => Promise<OpenDatabase>;
  /** One line of the result. */
  readonly out: (line: string) => void;
  /** One line about what went wrong, or a hint that is no part of the result. */
  readonly err: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
};

/** One command of `npx hpts`. `run` answers the exit code: 0 done, 1 refused or failed, 2 called wrongly. */
export type Command = {
  /** The words that call it: `['tenant', 'create']`. */
  readonly words: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** What --help prints. */
  readonly help: string;
  /** `argv` is what stands behind the words. */
  readonly run: (argv: readonly string[], context: CommandContext) => Promise<number>;
};
