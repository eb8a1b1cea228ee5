import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** SQL statements by name, from a file in which each stands under a line `-- name: …`. */
export type SqlFile = { readonly sections: ReadonlyMap<string, string>; readonly sha256: string };

/** Reads `bench/ceiling/<name>.sql`. */
export async function readSqlFile(name: string): Promise<SqlFile> {
  const text = await readFile(new URL(`ceiling/${name}.sql`, import.meta.url), 'utf8');
  const sections = new Map<string, string>();
  for (const part of text.split(/^-- name: /m).slice(1)) {
    const end = part.indexOf('\n');
    sections.set(part.slice(0, end).trim(), part.slice(end + 1).trim());
  }
  return { sections, sha256: createHash('sha256').update(text).digest('hex') };
}

/** Ceiling R. Throws when it is not, byte for byte, the file whose checksum was checked in: its figures would not compare. */
export async function readReference(): Promise<SqlFile> {
  const file = await readSqlFile('reference');
  const line = await readFile(new URL('ceiling/reference.sha256', import.meta.url), 'utf8');
  const expected = line.trim().split(/\s+/)[0];
  if (file.sha256 !== expected) {
    throw new Error(`bench/ceiling/reference.sql is frozen: its SHA-256 is ${file.sha256}, expected ${expected}`);
  }
  return file;
}

/** One statement of a file. Throws when the file has none of that name. */
export function section(file: SqlFile, name: string): string {
  const text = file.sections.get(name);
  if (text === undefined) throw new Error(`there is no section ${name} in this SQL file`);
  return text;
}
