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
  /** Loans that one portion of an accrual run looks at, locks and posts for. */
  accrualRunLoans: 2_000,
  /** Accrual runs that one process goes on with at once. */
  accrualRuns: 4,
  /** Runs of one tenant that are not finished; the next one is answered too_busy. */
  openAccrualRuns: 1_000,
  /** How long a run is gone on with before it gives way to another tenant's that waits. */
  accrualRunTurnMs: 5_000,
  /** How often a process asks for runs that nobody goes on with; one that is asked for here is begun at once. */
  accrualRunPollMs: 1_000,
  /** How long whoever goes on with a run may be silent before another process takes over. */
  accrualRunLeaseMs: 10_000,
  /** Pause of a run whose portion could not be posted. */
  accrualRunRetryMs: 2_000,
  /** Connections on which one process keeps track of runs. */
  accrualRunConnections: 2,
  accrualRunStatementTimeoutMs: 5_000,
  /**
   * Bodies over eventBodyBytes that have arrived and were not answered yet, together and of one tenant; what would be more is
   * answered too_busy.
   */
  largeBodiesBytes: 32 * 1024 * 1024,
  tenantLargeBodiesBytes: 8 * 1024 * 1024,
  /** Of those, bodies that the heavy thread has read and not yet answered. */
  largeBodiesRead: 2,
  /** The body of POST /v1/payments/settlements. */
  clearingBodyBytes: 1024 * 1024,
  clearedEntries: 10_000,
  /** Lines of one adjustment. */
  adjustmentLines: 300,
  metadataBytes: 16 * 1024,
  /** Free texts of a request: references, descriptions. */
  textChars: 512,
  withheldFees: 32,
  /** Names of programs and accounts. */
  nameChars: 200,
  /** Programs of one tenant, versions of one program, and what one version holds: they are cached whole. */
  programs: 200,
  programVersions: 100,
  annualRates: 120,
  feeTypes: 64,
  /** Connections on which one process changes programs and accounts. */
  configurationConnections: 2,
  configurationStatementTimeoutMs: 5_000,
  /** Items of one page of programs, accounts or loans. */
  listPageItems: 500,
  /** Commands that wait for a place in a batch; the next one is answered too_busy. */
  queuedCommands: 4_096,
  /** Turns of the event loop for which a batch goes on growing while more commands keep arriving. */
  gatherTurns: 4,
  /** Answers of one batch that leave in one turn of the event loop. */
  answersPerTurn: 16,
  /** Entries that one request may restate, and events of a loan that it may have to be decided again for. */
  restatedEntries: 5_000,
  eventsDecidedAgain: 20_000,
  /** Entries of those events: an accrual has one more for each time that it was restated. */
  entriesDecidedAgain: 60_000,
  /** Rows that the commands of one batch may write together. */
  batchWeight: 2_000,
  /** A command that may write more rows than this travels alone, on a thread and connection of its own. */
  lightWeight: 400,
  queuedHeavyCommands: 64,
  queuedPreviews: 64,
  /** A command that waited longer than this is answered too_busy, before anything was done for it. */
  queueWaitMs: 10_000,
  /** Times a batch is decided again after it met another process. */
  batchAttempts: 6,
  posterLockTimeoutMs: 1_000,
  /** Time after which a command is tried again whose loan somebody holds; posterLockTimeoutMs bounds how long. */
  heldLoanRetryMs: 25,
  /** Time for which batches with commands of a tenant, of whom a loan was held, look for held loans before they lock. */
  heldLoanMemoryMs: 5_000,
  posterStatementTimeoutMs: 10_000,
  posterIdleInTransactionTimeoutMs: 5_000,
  heavyLockTimeoutMs: 5_000,
  heavyStatementTimeoutMs: 20_000,
  /** A read at a known_at that is not settled yet waits for the batches that are about to commit. */
  readerLockTimeoutMs: 4_000,
  readerStatementTimeoutMs: 5_000,
  readerConnections: 8,
  /** Brief reads that share one message to PostgreSQL. */
  readsPerTrain: 16,
  queuedReads: 4_096,
  /** Lines of one entry that an answer shows. */
  linesPerPage: 1_000,
  /** Entries of a list in one answer. */
  journalPageEntries: 500,
  /** Size at which a page of a list ends early; one entry is shown whatever its size. */
  journalPageBytes: 1024 * 1024,
  /** Entries of a tenant's journal that one query of a filtered list looks at. */
  journalScanEntries: 5_000,
  /** Movements of a loan's history that one query of a filtered list looks at. */
  journalScanMovements: 2_000,
  /** Time after which a filtered list no longer looks further for entries: the page ends as it is. */
  journalScanMs: 1_000,
  /** Reconciliations that one process computes at once, and how many more may wait. */
  reconciliations: 2,
  queuedReconciliations: 16,
  reconciliationTimeoutMs: 30_000,
  /** What a client should wait before it tries again after 503. */
  retryAfterSeconds: 1,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 72_000,
  /** How often connections are looked through for requests whose time is over. */
  slowRequestCheckMs: 1_000,
  /** The request target: path and query. */
  urlChars: 8_192,
  /** The request line and all headers together. */
  headerBytes: 16 * 1024,
  /** How long commands are begun after the server was told to end; those that still wait are answered too_busy. */
  drainBeginMs: 4_000,
  /** How long requests under way may take then; those without an answer are answered unavailable. */
  drainMs: 8_000,
  /** When connections are cut that did not take their answers. */
  drainCutMs: 8_500,
  /** When the process ends although something of it could not be closed. */
  stopMs: 9_000,
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
  /** Entries that a refusal names as standing in the way; the rest are counted. */
  entriesNamed: 10,
  /** Active webhook endpoints of one tenant. */
  webhookEndpoints: 20,
  /** How long the answer of an administrative POST is kept for whoever repeats it (CONTRACT.md section 2: at least 24 h). */
  administrativeAnswerHours: 48,
  /** Wait of an administrative POST for a lock. */
  administrativeLockTimeoutMs: 1_000,
  /** Connections on which one process registers and serves webhook endpoints. */
  webhookConnections: 2,
  webhookStatementTimeoutMs: 5_000,
  /** Endpoints that one process serves at once. */
  webhookDeliveries: 32,
  /** How often a process asks whether there is something to send; a commit of its own makes it ask at once. */
  webhookPollMs: 100,
  /** Events of one endpoint that are read at a time. */
  webhookWindow: 500,
  /** How long an endpoint is served before others have their turn. */
  webhookTurnMs: 5_000,
  /** Receipts, and the time since the last was written down, after which the cursor is moved. */
  webhookUnsavedReceipts: 50,
  webhookUnsavedMs: 250,
  /** How long whoever serves an endpoint may be silent before another process takes over. */
  webhookLeaseMs: 20_000,
  /** One attempt: to resolve the name, to connect, to hear headers, to hear the body, and all but resolving together. */
  webhookResolveMs: 2_000,
  webhookConnectMs: 5_000,
  webhookHeadersMs: 8_000,
  webhookAnswerMs: 1_000,
  webhookAttemptMs: 10_000,
  /** Of a receiver's answer; the connection is cut behind it. */
  webhookAnswerBytes: 16 * 1024,
  /** Attempts to bring an event to an endpoint; then it is a dead letter. */
  webhookAttempts: 32,
  /** The pause after the first failed attempt; it doubles up to the longest. */
  webhookRetryBaseMs: 250,
  webhookRetryMaxMs: 1_800_000,
  /** How long an attempt under way may take when the server is told to end. */
  webhookDrainMs: 3_000,
  /** How long failed attempts are shown. */
  webhookAttemptDays: 30,
  /** How long the secret before a rotation may go on signing. */
  webhookSecretOverlapSeconds: 604_800,
  /** Entries of the journal that one page of deliveries is looked for in. */
  webhookScan: 10_000,
  /** Items of one page of endpoints, deliveries or events. */
  webhookPageItems: 500,
  /** Requests whose trace a process remembers, to continue it in webhooks. */
  rememberedTraces: 10_000,
  /** Lines that one second's answers of 503 may write to the log; the rest are counted. */
  unavailableLogLines: 50,
  /** Connections to the listener for metrics. */
  metricsConnections: 16,
  /** What a scrape waits for the database; it then answers without what only the database knows. */
  metricsDatabaseMs: 1_000,
  /** How often the event loop's delay is sampled. */
  eventLoopSampleMs: 20,
} as const;
