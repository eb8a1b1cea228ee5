import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Place } from './place.ts';
import { runProgram } from './server-binaries.ts';
import { SOCKET_PORT } from './socket-folder.ts';

const GIBIBYTE = 2 ** 30;

/**
 * Writes `hpts.conf` for the next start: our settings, and over them those of the caller. Throws for a name or value
 * that the file cannot hold; PostgreSQL itself refuses unknown ones.
 */
export async function writeSettings(wanted: {
  readonly place: Place;
  readonly socketDir: string;
  readonly overrides: Readonly<Record<string, string>>;
}): Promise<void> {
  const compression = await canCompressByLz4(wanted.place);
  const settings = {
    ...serverSettings({ memoryBytes: availableMemory(), compression }),
    ...wanted.overrides,
    listen_addresses: '',
    port: String(SOCKET_PORT),
    unix_socket_directories: `"${wanted.socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
  };
  const path = join(wanted.place.dir, 'hpts.conf');
  writeFileSync(`${path}.tmp`, Object.entries(settings).map(settingLine).join(''));
  chmodSync(`${path}.tmp`, 0o644);
  renameSync(`${path}.tmp`, path);
}

/** One line of postgresql.conf, where a quote is doubled and a backslash begins an escape. */
export function settingLine([name, value]: readonly [string, string]): string {
  if (!/^[a-z_][a-z0-9_.]*$/i.test(name)) throw new Error(`"${name}" is not the name of a PostgreSQL setting.`);
  if (/[\n\r\0]/.test(value)) throw new Error(`The value of ${name} has a character that a setting cannot hold.`);
  return `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`;
}

/** Without regard to the caller's wishes; figures from ENGINE.md and the size of the machine. */
function serverSettings(machine: { readonly memoryBytes: number; readonly compression: boolean }) {
  return {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    wal_compression: machine.compression ? 'lz4' : 'off',
    wal_buffers: '16MB',
    max_wal_size: '4GB',
    min_wal_size: '512MB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    max_connections: '100',
    shared_buffers: machine.memoryBytes >= 8 * GIBIBYTE ? '512MB' : '128MB',
    // The default, written down: huge pages where the kernel has some free, ordinary ones where not.
    huge_pages: 'try',
    // Compiling costs more than these short statements take.
    jit: 'off',
    autovacuum: 'on',
    track_io_timing: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // One file for each day of the week, each begun anew after seven days.
    logging_collector: 'on',
    log_directory: '../log',
    log_filename: 'postgresql-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_file_mode: '0600',
    log_line_prefix: '%m [%p] %u@%d ',
    // No statement and no row reaches the log: both may carry what a client sent (TRUST 5, secrets).
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
  };
}

/** The limit of the container, where there is one, else the machine's memory. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Builds differ; a value that this one does not know would stop the start. */
async function canCompressByLz4(place: Place): Promise<boolean> {
  const { status } = await runProgram({
    path: join(place.server, 'bin', 'postgres'),
    args: ['-D', place.cluster, '-C', 'wal_compression', '-c', 'wal_compression=lz4'],
    user: place.user,
  });
  return status === 0;
}
