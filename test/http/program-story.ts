import { posted } from './loan-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** A second program of the tenant, every field at its default but those stated. Its id. */
export async function newProgram(tenant: TenantApi, changes: object = {}): Promise<string> {
  return textAt(await posted(tenant.post('/v1/programs', { name: 'Another program', ...changes })), 'program_id');
}
