/**
 * Every queue, page, batch, body and wait that the server bounds, in one place (TRUST.md section 5, "Limits"). Units stand
 * last in the names. docs/limits.md lists them; `npm run check` compares the two.
 */
export const LIMITS = {
  /** Bodies of one event. */
  eventBodyBytes: 64 * 1024,
  /** The body of POST /v1/accruals/batch. */
  accrualBatchBodyBytes: 4 * 1024 * 1024,
  accrualBatchLoans: 10_000,
  metadataBytes: 16 * 1024,
  /** Free texts of a request: references, descriptions. */
  textChars: 512,
  withheldFees: 32,
  /** Commands that wait for a place in a batch; the next one is answered too_busy. */
  queuedCommands: 4_096,
  /** Rows that the commands of one batch may write together. */
  batchWeight: 2_000,
  /** A command that may write more rows than this travels alone, on a thread and connection of its own. */
  lightWeight: 400,
  queuedHeavyCommands: 64,
  /** A command that waited longer than this is answered too_busy, before anything was done for it. */
  queueWaitMs: 10_000,
  /** Times a batch is decided again after it met another process. */
  batchAttempts: 6,
  posterLockTimeoutMs: 1_000,
  posterStatementTimeoutMs: 10_000,
  posterIdleInTransactionTimeoutMs: 5_000,
  heavyLockTimeoutMs: 5_000,
  heavyStatementTimeoutMs: 20_000,
  /** A read at a known_at that is not settled yet waits for the batches that are about to commit. */
  readerLockTimeoutMs: 4_000,
  readerStatementTimeoutMs: 5_000,
  readerConnections: 8,
  queuedReads: 4_096,
  /** Lines of one entry that an answer shows. */
  linesPerPage: 1_000,
  /** What a client should wait before it tries again after 503. */
  retryAfterSeconds: 1,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 72_000,
  /** How long requests under way may take to end when the server is told to; then their connections are cut. */
  drainMs: 8_000,
  /** Certificates of one client: those in use and those that are to follow them. */
  clientCertificates: 8,
  /** A certificate in DER. */
  certificateBytes: 16 * 1024,
  /** A TLS handshake of the partners' listener; beyond it the connection is cut. */
  tlsHandshakeTimeoutMs: 5_000,
  /** A trusted issuer's key set, as it is fetched: time, size, number of keys. */
  jwksFetchTimeoutMs: 3_000,
  jwksBytes: 256 * 1024,
  jwksKeys: 64,
  /** A key set is fetched again when it is older and a token needs it. */
  jwksFreshMs: 300_000,
  /** While an issuer does not answer, its last key set is used up to this age. */
  jwksOutageMs: 3_600_000,
  /** Fetches of one key set begin at least so far apart, whatever tokens name. */
  jwksFetchSpacingMs: 15_000,
  trustedIssuers: 32,
  /** Fields that one answer names as wrong, beside one entry that counts the rest. */
  fieldProblems: 10_000,
  /** Unknown fields of one object that an answer names. */
  unknownFields: 20,
} as const;
