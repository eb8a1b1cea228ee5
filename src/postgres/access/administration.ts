/**
 * Administrative acts: making tenants, clients and keys, and ending them. They run as the database's owner, each in one
 * transaction that also writes what was done to the append-only hpts.audit_event and raises hpts.access_generation, by
 * which every server notices that what it remembers about clients and keys is out of date.
 */
import type pg from 'pg';
import { connect, type DatabaseAddress } from '../connection.ts';

/** A wish of the operator that cannot be met: an unknown tenant, a bad time zone. The message is for people. */
export class AdministrationRefused extends Error {
  override readonly name = 'AdministrationRefused';
}

/** What the audit log keeps of one act. `detail` never holds a secret. */
export type AdministrativeAct = {
  /** Who did it: `cli:<account>` or `server`. */
  readonly actor: string;
  readonly action:
    | 'tenant.create'
    | 'client.create'
    | 'client.rotate'
    | 'client.revoke'
    | 'client.grant'
    | 'client.certificate.add'
    | 'client.certificate.remove'
    | 'key.create'
    | 'key.retire';
  readonly tenantId: string | null;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
};

/** The result of a transaction, with the acts that it consisted of; none when nothing had to be changed. */
export type Administered<T> = { readonly outcome: T; readonly acts: readonly AdministrativeAct[] };

/**
 * Runs `perform` in a transaction of the owner on a connection of its own. Commits all of it with its audit events, or
 * nothing: whatever `perform` throws is thrown again after the rollback.
 */
export async function administer<T>(
  address: DatabaseAddress,
  perform: (owner: pg.ClientBase) => Promise<Administered<T>>,
): Promise<T> {
  const owner = await connect(address, {
    role: 'owner',
    applicationName: 'hpts administration',
    lockTimeoutMs: 10_000,
    statementTimeoutMs: 30_000,
  });
  try {
    await owner.query('BEGIN');
    const { outcome, acts } = await performOrRollBack(owner, perform);
    for (const act of acts) await insertAuditEvent(owner, act);
    if (acts.length > 0) await raiseAccessGeneration(owner);
    const { command } = await owner.query('COMMIT');
    // PostgreSQL answers the COMMIT of a failed transaction with the tag ROLLBACK and no error.
    if (command !== 'COMMIT') throw new Error(`the administrative act was not committed: ${command}`);
    return outcome;
  } finally {
    await owner.end();
  }
}

async function performOrRollBack<T>(
  owner: pg.ClientBase,
  perform: (owner: pg.ClientBase) => Promise<Administered<T>>,
): Promise<Administered<T>> {
  try {
    return await perform(owner);
  } catch (error) {
    await owner.query('ROLLBACK');
    throw error;
  }
}

async function insertAuditEvent(owner: pg.ClientBase, act: AdministrativeAct): Promise<void> {
  await owner.query(
    'INSERT INTO hpts.audit_event (actor, action, tenant_id, subject, detail) VALUES ($1, $2, $3, $4, $5)',
    [act.actor, act.action, act.tenantId, act.subject, JSON.stringify(act.detail)],
  );
}

/** Waits for other acts to commit: from here to the COMMIT they go one after the other, so keep this last. */
async function raiseAccessGeneration(owner: pg.ClientBase): Promise<void> {
  await owner.query('UPDATE hpts.access_generation SET generation = generation + 1');
}
