import type { DatabaseAddress } from '../../src/postgres/connection.ts';

/** An address as HPTS_DATABASE_URL has it; the folder of a socket goes into the parameter `host`. */
export function databaseUrl(address: DatabaseAddress): string {
  const user = `${encodeURIComponent(address.user)}:${encodeURIComponent(address.password)}`;
  const database = encodeURIComponent(address.database);
  return address.host.startsWith('/')
    ? `postgres://${user}@localhost:${address.port}/${database}?host=${encodeURIComponent(address.host)}`
    : `postgres://${user}@${address.host}:${address.port}/${database}`;
}
