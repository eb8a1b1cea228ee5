import { fileURLToPath } from 'node:url';
import { documentedCommands } from './check/documented-commands.ts';
import { documentedOperations, documentedTables } from './check/documented-tables.ts';
import { deadCode, lintAndFormat, types } from './check/external-tool.ts';
import { barrels, fileLengths, functionLengths, names } from './check/file-shape.ts';
import { importCycles, importDirection } from './check/import-direction.ts';
import { limitsInForce } from './check/limits-in-force.ts';
import { machineTraces } from './check/machine-traces.ts';
import { purity } from './check/purity.ts';
import { references } from './check/references.ts';
import { type Check, readSourceTree } from './check/source-tree.ts';
import { sqlRoom, tenantFilter } from './check/sql-text.ts';

/** What `npm run check` runs, in the order in which it reports. */
const CHECKS: readonly Check[] = [
  types,
  lintAndFormat,
  importDirection,
  importCycles,
  purity,
  sqlRoom,
  tenantFilter,
  deadCode,
  fileLengths,
  functionLengths,
  names,
  barrels,
  limitsInForce,
  documentedTables,
  documentedOperations,
  documentedCommands,
  references,
  machineTraces,
];

/** Runs every check, whatever the others found. Exit: 0 nothing found, 1 something, or a check could not run. */
async function checkAll(): Promise<number> {
  const tree = await readSourceTree(fileURLToPath(new URL('../', import.meta.url)));
  let failed = 0;
  for (const check of CHECKS) {
    const beganMs = performance.now();
    const findings = await findingsOf(check, tree);
    const tookMs = Math.round(performance.now() - beganMs);
    console.log(`${findings.length === 0 ? 'ok    ' : 'FAILED'}  ${check.name}: ${check.promise}  (${tookMs} ms)`);
    for (const finding of findings) console.log(`        ${finding}`);
    if (findings.length > 0) failed += 1;
  }
  console.log(`${CHECKS.length - failed} checks passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function findingsOf(check: Check, tree: Parameters<Check['find']>[0]): Promise<readonly string[]> {
  try {
    return await check.find(tree);
  } catch (error) {
    return [`the check could not run: ${error instanceof Error ? error.message : String(error)}`];
  }
}

process.exitCode = await checkAll();
