import type { KeyObject } from 'node:crypto';
import { administrativeOperation } from './http/administrative-operation.ts';
import type { Operation } from './http/operation.ts';
import { accrualRun, accrualRunCreation } from './http/routes/accrual-runs.ts';
import { AccrualRuns } from './jobs/accrual-runs/accrual-runs.ts';
import { LIMITS } from './limits.ts';
import { AdministrativeActs } from './postgres/acts/administrative-act.ts';
import { TenantConnections } from './postgres/acts/tenant-connections.ts';
import type { DatabaseAddress } from './postgres/connection.ts';
import type { ReaderPool } from './postgres/reading/reader-pool.ts';
import type { Command } from './posting/command.ts';
import type { Outcome } from './posting/engine.ts';

/** The part of the composition that is about accrual runs. */
export type AccrualRunParts = {
  readonly operations: readonly Operation[];
  /** Lets the portions under way end, so that the posting engine has their commands no more. Operations go on until close(). */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The operations under /v1/accruals/runs; `begun` hears that a run was asked for. */
export function accrualRunOperations(
  acts: AdministrativeActs,
  reader: ReaderPool,
  begun: () => void,
): readonly Operation[] {
  const creation = administrativeOperation(accrualRunCreation(reader), acts);
  const telling: Operation = {
    ...creation,
    async handle(request, reply) {
      const answered = await creation.handle(request, reply);
      begun();
      return answered;
    },
  };
  return [telling, accrualRun(reader)];
}

/** Opens what keeps track of runs, in role hpts_configurator, and begins to go on with those that are not done. */
export function startAccrualRuns(parts: {
  readonly address: DatabaseAddress;
  readonly reader: ReaderPool;
  readonly masterKey: KeyObject;
  readonly submit: (command: Command) => Promise<Outcome>;
  readonly onFailure: (error: unknown) => void;
}): AccrualRunParts {
  const { address, reader, masterKey, submit, onFailure } = parts;
  const database = new TenantConnections(address, {
    role: 'hpts_configurator',
    applicationName: 'hpts accrual runs',
    connectionsMax: LIMITS.accrualRunConnections,
    statementTimeoutMs: LIMITS.accrualRunStatementTimeoutMs,
  });
  const runs = new AccrualRuns({
    database,
    reader,
    submit,
    onFailure,
    places: LIMITS.accrualRuns,
    portionLoans: LIMITS.accrualRunLoans,
    turnMs: LIMITS.accrualRunTurnMs,
  });
  runs.start();
  return {
    operations: accrualRunOperations(new AdministrativeActs({ database, reader, masterKey }), reader, () =>
      runs.wake(),
    ),
    stop: () => runs.stop(),
    close: () => database.close(),
  };
}
