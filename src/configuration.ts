import type { KeyObject } from 'node:crypto';
import { administrativeOperation } from './http/administrative-operation.ts';
import type { Operation } from './http/operation.ts';
import { accountCreation, accountRenaming } from './http/routes/account-changes.ts';
import { accounts } from './http/routes/accounts.ts';
import { adjustmentProposal, adjustmentRejection } from './http/routes/adjustment-proposals.ts';
import { adjustment, adjustments } from './http/routes/adjustments.ts';
import { programCreation, programVersionCreation } from './http/routes/program-changes.ts';
import { program, programs } from './http/routes/programs.ts';
import { LIMITS } from './limits.ts';
import { AdministrativeActs } from './postgres/acts/administrative-act.ts';
import { TenantConnections } from './postgres/acts/tenant-connections.ts';
import type { DatabaseAddress } from './postgres/connection.ts';
import type { ReaderPool } from './postgres/reading/reader-pool.ts';

/** The part of the composition that is about programs, the chart of accounts and what is proposed for the books. */
export type Configuration = {
  readonly operations: readonly Operation[];
  readonly connections: () => { readonly open: number; readonly idle: number };
  readonly close: () => Promise<void>;
};

/** The operations under /v1/programs, those that list and change accounts, and adjustments but for their approval. */
export function configurationOperations(acts: AdministrativeActs, reader: ReaderPool): readonly Operation[] {
  return [
    administrativeOperation(programCreation, acts),
    programs(reader),
    program(reader),
    administrativeOperation(programVersionCreation, acts),
    administrativeOperation(accountCreation, acts),
    accounts(reader),
    administrativeOperation(accountRenaming, acts),
    administrativeOperation(adjustmentProposal(reader), acts),
    adjustments(reader),
    adjustment(reader),
    administrativeOperation(adjustmentRejection, acts),
  ];
}

/** Opens what changes programs and accounts, proposes and rejects adjustments, in role hpts_configurator. */
export function openConfiguration(parts: {
  readonly address: DatabaseAddress;
  readonly reader: ReaderPool;
  readonly masterKey: KeyObject;
}): Configuration {
  const { address, reader, masterKey } = parts;
  const database = new TenantConnections(address, {
    role: 'hpts_configurator',
    applicationName: 'hpts configuration',
    connectionsMax: LIMITS.configurationConnections,
    statementTimeoutMs: LIMITS.configurationStatementTimeoutMs,
  });
  return {
    operations: configurationOperations(new AdministrativeActs({ database, reader, masterKey }), reader),
    connections: () => database.connections,
    close: () => database.close(),
  };
}
