import { randomBytes } from 'node:crypto';
import { examine } from './aftermath.ts';
import { Course } from './course.ts';
import { newTenantLedger } from './model/ledger.ts';
import { monthBeforeAll } from './period-acts.ts';
import { makePrograms } from './program-making.ts';
import { Random } from './random.ts';
import { newReport, type SimulationReport } from './report.ts';
import { newScene, type Scene } from './scene.ts';
import { type SimulationTarget, Wire } from './wire.ts';
import { Worker } from './worker.ts';

/** What a run is made of. */
interface SimulationOptions {
  /** POST requests to send; the last races may go a little beyond. */
  readonly events: number;
  readonly seed: number;
  /** Lines of work at once, half of them with the last tenant (32). */
  readonly workers?: number;
  /** Makes ids and keys differ from those of an earlier run of the seed (random). */
  readonly salt?: string;
  /** Ends the writing early after so many disagreements (200). */
  readonly differencesMax?: number;
  /** Told about every thousand commands. */
  readonly onProgress?: (report: SimulationReport) => void;
}

/**
 * Runs a seeded programme of events against a ledger over HTTP, compares every answer with the
 * reference model, and asks every answer under a fixed `known_at` again at the end. Disagreements
 * are counted in the report; it throws only when the ledger cannot be reached.
 */
export async function runSimulation(target: SimulationTarget, options: SimulationOptions): Promise<SimulationReport> {
  const { events, seed, workers: workerCount = 32, differencesMax = 200, onProgress } = options;
  const salt = options.salt ?? randomBytes(3).toString('hex');
  const repeat = `node test/simulation/run.ts --events ${events} --seed ${seed} --workers ${workerCount}`;
  const report = newReport({ seed, salt, repeat, processes: target.baseUrls.length, workers: workerCount });
  const wire = new Wire(target);
  const ledgers = target.tenants.map(({ programId }) => newTenantLedger(programId));
  const course = new Course({ target, wire, ledgers, report });
  const places = placesOf(workerCount, target.tenants.length);
  const ownPrograms = await makePrograms(course, { seed, salt, ownPrograms: workersOf(places) });
  const workers = newWorkers({ course, seed, salt, places, events, ownPrograms });
  const startedAt = performance.now();
  const failures: unknown[] = [];
  let told = 0;
  const isDone = () => {
    if (onProgress !== undefined && report.commands - told >= 1_000) {
      told = report.commands;
      report.seconds = (performance.now() - startedAt) / 1_000;
      onProgress(report);
    }
    if (failures.length > 0 || report.differenceCount >= differencesMax) return true;
    return report.commands >= events && workers.every(({ hasBegun }) => hasBegun);
  };
  try {
    // All stop when one has failed, so that nothing is still being sent when this returns.
    const works = workers.map((worker) => worker.work(isDone).catch((cause: unknown) => void failures.push(cause)));
    await Promise.all(works);
    if (failures.length > 0) throw new AggregateError(failures, 'a request had no answer');
    await course.settleProbes();
    report.seconds = (performance.now() - startedAt) / 1_000;
    await examine(
      course,
      workers.map(({ scene }) => scene),
    );
    return report;
  } finally {
    wire.close();
  }
}

/** Loans of the batch that holds its locks for long; a short run has no use for one. */
function wideCountFor(events: number): number {
  if (events < 1_000) return 0;
  return events < 20_000 ? 60 : 300;
}

/** A worker's tenant, and the worker's number there. */
type Place = readonly [tenant: number, worker: number];

/**
 * Where the workers work: the last tenant, whose loans are put in order of effect, has as many of them as all others
 * together, so that the rare events come about as often under one policy as under the other.
 */
function placesOf(workerCount: number, tenantCount: number): readonly Place[] {
  const others = tenantCount - 1;
  const turns = Array.from({ length: Math.max(1, 2 * others) }, (_, turn) => Math.min(turn, others));
  const busy = Array.from({ length: tenantCount }, () => 0);
  return Array.from({ length: workerCount }, (_, at) => {
    const tenant = turns[at % turns.length] ?? 0;
    const worker = busy[tenant] ?? 0;
    busy[tenant] = worker + 1;
    return [tenant, worker];
  });
}

/** How many workers each tenant has. */
function workersOf(places: readonly Place[]): readonly number[] {
  const counts: number[] = [];
  for (const [tenant] of places) counts[tenant] = (counts[tenant] ?? 0) + 1;
  return counts;
}

function newWorkers(options: {
  readonly course: Course;
  readonly seed: number;
  readonly salt: string;
  readonly places: readonly Place[];
  readonly events: number;
  readonly ownPrograms: readonly (readonly string[])[];
}): readonly Worker[] {
  const { course, seed, salt, places, events, ownPrograms } = options;
  const { narrowToken, colleagueToken } = course.target;
  // The first worker of the first tenant is busy with wide batches when there are others to begin with a life.
  const busy = workersOf(places);
  const tellerOf = (tenant: number): number => ((busy[tenant] ?? 0) > 1 ? 1 : 0);
  const scenes: Scene[] = [];
  for (const [at, [tenant, worker]] of places.entries()) {
    const foreign = foreignTo({ scenes, tenant, random: new Random(`foreign:${seed}:${at}`) });
    const { businessDate } = course.now(tenant);
    const tokens = { narrowTokens: narrowToken !== undefined, colleagues: colleagueToken !== undefined };
    const ownProgramId = ownPrograms[tenant]?.[worker];
    const ownPeriod = worker === tellerOf(tenant) ? monthBeforeAll(businessDate) : undefined;
    const ledger = course.ledger(tenant);
    const own = { ...tokens, ownProgramId, ownPeriod };
    scenes.push(newScene({ tenant, worker, seed, salt, ledger, businessDate, foreign, ...own }));
  }
  return scenes.map((scene, at) => {
    const beginsWithLife = scene.ownPeriod !== undefined;
    return new Worker({ scene, course, wideCount: at === 0 ? wideCountFor(events) : 0, beginsWithLife });
  });
}

/** Loans and entries that other tenants have and this one has not. */
function foreignTo(options: {
  readonly scenes: readonly Scene[];
  readonly tenant: number;
  readonly random: Random;
}): Scene['foreign'] {
  const { scenes, tenant, random } = options;
  const pickScene = () => {
    const others = scenes.filter((scene) => scene.tenant !== tenant);
    return others.length === 0 ? undefined : random.pick(others);
  };
  return {
    loanId() {
      const scene = pickScene();
      const own = scene?.slots.filter((slot) => !slot.shared && scene.ledger.loans.has(slot.loanId)) ?? [];
      return own.length === 0 ? undefined : random.pick(own).loanId;
    },
    entryId() {
      const scene = pickScene();
      const loans = scene?.slots.flatMap(({ loanId }) => scene.ledger.loans.get(loanId) ?? []) ?? [];
      return loans.length === 0 ? undefined : random.pick(loans).entries.at(-1)?.entryId;
    },
  };
}
