import { answerObject, differencesOf } from './comparison.ts';
import { type Course, learnCorrelation } from './course.ts';
import { eventDraft } from './event-programme.ts';
import { pullEvents, somePull } from './event-pull.ts';
import { someList, walkDifferences } from './journal-walk.ts';
import { lifeStory, someProgram } from './life-story.ts';
import { walkList } from './list-reading.ts';
import { expectAnswer } from './model/expectation.ts';
import { loansConcerned } from './model/ledger.ts';
import type { LedgerAnswer, LedgerRequest } from './model/request.ts';
import { nameTheRest } from './naming.ts';
import { countPosted } from './posted-counts.ts';
import { disbursementDraft, ordinaryDraft } from './programme.ts';
import { bookAnswer, explainRace, haveTies, isInProgress, type RaceMember } from './race-order.ts';
import { nextRace, type Race, wideAccrualRace } from './race-programme.ts';
import { accountRead, balanceRead, entryRead, getRequest, loanRead, type Read, refusedRead } from './read-programme.ts';
import { refusalRequest } from './refusal-programme.ts';
import { followRun } from './run-following.ts';
import { type Draft, hasReplay, knownLoans, requestOf, type Scene, type Slot } from './scene.ts';

/** How often the worker that has wide batches sends one: nearly always one is on its way. */
const WIDE_SHARE = 0.25;

/** How often a worker goes on with the life that it is telling. */
const LIFE_SHARE = 0.22;
/** Where loans are put in order of effect: few tenants have such, and each event is wanted of theirs too. */
const REPLAYED_LIFE_SHARE = 0.55;
const FIRST_LIFE_SHARE = 0.8;

/** How many posted requests a worker remembers, to repeat them. */
const POSTED_KEPT = 200;

/** One line of work: its own loans, one step after the other. */
export class Worker {
  readonly scene: Scene;
  readonly #course: Course;
  readonly #wide: readonly Slot[];
  #life: Iterator<Draft, void> | undefined;
  /** Little else is done until the first life has been told. */
  #isFirstLife: boolean;
  #steps = 0;
  #readsDueAt = 10;
  #commands = 0;

  constructor({
    scene,
    course,
    wideCount,
    beginsWithLife,
  }: {
    readonly scene: Scene;
    readonly course: Course;
    readonly wideCount: number;
    readonly beginsWithLife: boolean;
  }) {
    this.scene = scene;
    this.#isFirstLife = beginsWithLife;
    this.#course = course;
    const currency = scene.slots[0]?.currency ?? 'USD';
    this.#wide = Array.from({ length: wideCount }, () => ({
      ...scene.newSlot(),
      currency,
      programId: scene.ledger.programId,
    }));
  }

  /** False until the first life has been told, where this worker begins with one. */
  get hasBegun(): boolean {
    return !this.#isFirstLife;
  }

  /** Works until the run has sent as many commands as it should. */
  async work(isDone: () => boolean): Promise<void> {
    for (const slot of this.#wide) {
      const draft = disbursementDraft(this.scene, slot);
      await this.#single({ request: requestOf(this.scene, draft), draft, meant: false });
    }
    while (!isDone()) {
      await this.#step();
      // What is due while there is nothing to read yet is made up for.
      while (this.#commands >= this.#readsDueAt && knownLoans(this.scene).length > 0) {
        this.#readsDueAt += 10;
        await this.#reads();
      }
    }
  }

  async #step(): Promise<void> {
    const { scene } = this;
    const { random } = scene;
    this.#steps += 1;
    const share = hasReplay(scene.ledger) ? REPLAYED_LIFE_SHARE : LIFE_SHARE;
    const told = random.chance(this.#isFirstLife ? FIRST_LIFE_SHARE : share) ? this.#nextOfLife() : undefined;
    if (told !== undefined) return this.#single({ request: requestOf(scene, told), draft: told, meant: true });
    if (this.#wide.length > 0 && random.chance(WIDE_SHARE)) {
      const race = wideAccrualRace(scene, this.#wide);
      if (race !== undefined) return this.#race(race);
    }
    const kind = random.weighted({ ordinary: 77, refusal: 16, replay: 3, race: 4 });
    if (kind === 'race') {
      const race = nextRace(scene);
      if (race !== undefined) return this.#race(race);
    }
    if (kind === 'replay' && scene.posted.length > 0) {
      return this.#single({ request: repeated(scene, random.pick(scene.posted)), draft: undefined, meant: false });
    }
    const refusal = kind === 'refusal' ? refusalRequest(scene) : undefined;
    if (refusal !== undefined) return this.#single({ ...refusal, meant: true });
    const draft = (random.chance(0.4) ? eventDraft(scene) : undefined) ?? ordinaryDraft(scene);
    return this.#single({ request: requestOf(scene, draft), draft, meant: false });
  }

  /** The next step of the life that is being told; undefined at its end. */
  #nextOfLife(): Draft | undefined {
    const { scene } = this;
    const isFirst = this.#isFirstLife;
    const programId = isFirst ? scene.ledger.programId : someProgram(scene);
    this.#life ??= lifeStory(scene, { programId, isFirst });
    const next = this.#life.next();
    if (next.done !== true) return next.value;
    this.#life = undefined;
    this.#isFirstLife = false;
    return undefined;
  }

  async #single(step: {
    readonly request: LedgerRequest;
    readonly draft: Draft | undefined;
    readonly meant: boolean;
  }): Promise<void> {
    const { request, draft, meant } = step;
    const course = this.#course;
    const ledger = course.ledger(request.tenant);
    const expected = expectAnswer(ledger, request, course.now(request.tenant));
    if (meant && expected.kind === 'refused') course.report.meantToBeRefused += 1;
    const newest = course.newest(request.tenant);
    this.#commands += 1;
    const process = this.scene.random.below(course.wire.processes);
    const answer = await course.write(request, { loanIds: draft?.loanIds ?? [], process });
    if (answer.status === 201 && expected.kind === 'posted' && expected.route === 'run')
      return this.#afterRun(request, answer);
    const found = differencesOf(ledger, expected, answer);
    if (found.length > 0) course.differ('command', { request, answer, found });
    if (answer.status === 201 && expected.kind === 'posted') {
      // Foretold anew, because others of the tenant have been booked while the request was on its way.
      const now = expectAnswer(ledger, request, course.now(request.tenant));
      if (now.kind !== 'posted')
        throw new Error('what was foretold as posted is so no more, and nobody touched its loans');
      bookAnswer(ledger, now, answer);
      await this.#afterPosting({ request, answer, newest, backdated: draft?.backdated ?? false });
    } else if (answer.status === 201) {
      this.#lose(draft?.loanIds ?? []);
    } else {
      this.#keepFreeKey(request, answer);
    }
  }

  async #afterRun(request: LedgerRequest, answer: LedgerAnswer): Promise<void> {
    await followRun(this.#course, { request, answer });
    this.#countPosted(request, answer);
  }

  #countPosted(request: LedgerRequest, answer: LedgerAnswer): void {
    countPosted(this.#course.report, this.scene.ledger, { request, answer });
    const { posted, random } = this.scene;
    posted.push(request);
    if (posted.length > POSTED_KEPT) posted.splice(random.below(POSTED_KEPT), 1);
  }

  async #afterPosting(posting: {
    readonly request: LedgerRequest;
    readonly answer: LedgerAnswer;
    /** The newest instant that was known before the request was sent. */
    readonly newest: string;
    readonly backdated: boolean;
  }): Promise<void> {
    const { request, answer, newest, backdated } = posting;
    const { scene } = this;
    const { report } = this.#course;
    const body = answerObject(answer.body);
    learnCorrelation(scene.ledger, body);
    await nameTheRest(this.#course, request.tenant);
    this.#countPosted(request, answer);
    const restated = (body?.['restatement'] as { readonly entries?: unknown } | undefined)?.entries;
    if (typeof restated === 'number') {
      report.restating += 1;
      report.entriesRestated += restated;
    }
    if (request.path === '/v1/adjustments') scene.proposals.push(String(body?.['adjustment_id']));
    if (backdated) report.backdated += 1;
    const postedAt = String(body?.['posted_at']);
    if (postedAt <= newest) {
      const found = [`posted_at ${postedAt} is not after ${newest}, which was answered before this was sent`];
      this.#course.differ('order', { request, answer, found });
    }
  }

  async #race(race: Race): Promise<void> {
    const course = this.#course;
    const { tenant, ledger } = this.scene;
    const { requests, loanIds, kind } = race;
    course.report.races[kind] += 1;
    this.#commands += requests.length;
    const newest = course.newest(tenant);
    const processOf = (at: number) => (kind === 'one_key' ? processForKey(requests.length, at) : at);
    const answers = await Promise.all(
      requests.map((request, at) => course.write(request, { loanIds, process: processOf(at) })),
    );
    const members = answers.flatMap((answer, at): RaceMember[] => {
      const request = requests[at];
      return request === undefined ? [] : [{ request, answer }];
    });
    const journal = haveTies(members) ? await this.#newestEntries() : [];
    const question = { ledger, members, now: course.now(tenant), journal };
    let order = explainRace({ ...question, byPostedAt: true });
    if (order === undefined) {
      order = explainRace({ ...question, byPostedAt: false });
      this.#reportRace(race, { members, explained: order !== undefined });
    }
    if (order === undefined) return this.#lose(loanIds);
    for (const { request, answer } of order) await this.#afterMember(race, { request, answer }, newest);
    await this.#repeatInProgress(members);
  }

  /** The ids of the tenant's newest entries, in the order of the journal. */
  async #newestEntries(): Promise<readonly string[]> {
    const { tenant } = this.scene;
    const answer = await this.#course.read(getRequest(tenant, '/v1/journal-entries?page_size=500'));
    const items = answerObject(answer.body)?.['items'];
    const all = Array.isArray(items) ? (items as readonly Readonly<Record<string, unknown>>[]) : [];
    return all.map((item) => String(item['journal_entry_id'])).reverse();
  }

  async #afterMember(race: Race, { request, answer }: RaceMember, newest: string): Promise<void> {
    if (answer.status !== 201) {
      this.#keepFreeKey(request, answer);
      return;
    }
    const backdated = race.drafts.find((draft) => JSON.stringify(draft.body) === request.body)?.backdated ?? false;
    await this.#afterPosting({ request, answer, newest, backdated });
  }

  /** A 409 for a key in progress must become the answer, once the first request is done. */
  async #repeatInProgress(members: readonly RaceMember[]): Promise<void> {
    const waiting = members.find(({ answer }) => isInProgress(answer));
    if (waiting !== undefined) await this.#single({ request: waiting.request, draft: undefined, meant: false });
  }

  #reportRace(
    race: Race,
    { members, explained }: { readonly members: readonly RaceMember[]; readonly explained: boolean },
  ): void {
    const reason = explained ? 'explained only against the order of posted_at' : 'no order explains the answers';
    const all = members.map(({ request, answer }) => {
      return `${request.path} ${request.keyHeaders[0]} ${request.body.slice(0, 300)} -> ${answer.status} ${answer.body.slice(0, 300)}`;
    });
    const [first] = members;
    if (first !== undefined) this.#course.differ(`race ${race.kind}`, { ...first, found: [reason, ...all] });
  }

  /** The model no longer knows these loans: they leave the play, so that one fault is not told many times. */
  #lose(loanIds: readonly string[]): void {
    const { slots, newSlot, tenant, ledger } = this.scene;
    const lost = new Set(loanIds);
    for (const loanId of loanIds) {
      // What it shares an accrual with could be reversed together with it.
      for (const entry of ledger.loans.get(loanId)?.entries ?? []) {
        for (const other of loansConcerned(ledger, entry)) lost.add(other);
      }
    }
    for (const loanId of lost) this.#course.lostLoans.add(`${tenant} ${loanId}`);
    for (const [at, slot] of slots.entries()) {
      if (lost.has(slot.loanId)) slots[at] = newSlot({ giant: slot.giant });
    }
  }

  /** A refused request leaves its key free for the corrected one; one that was answered again does not. */
  #keepFreeKey(request: LedgerRequest, { status }: LedgerAnswer): void {
    if (status < 400) return;
    const { ledger, freeKeys } = this.scene;
    const [key, ...more] = request.keyHeaders;
    if (key === undefined || more.length > 0 || !/^[A-Za-z0-9][A-Za-z0-9._:-]{7,254}$/.test(key)) return;
    if (ledger.keys.has(key) || freeKeys.includes(key) || freeKeys.length >= 20) return;
    freeKeys.push(key);
  }

  async #reads(): Promise<void> {
    const { scene } = this;
    const { readRandom, tenant } = scene;
    const { report, seenPostedAt } = this.#course;
    const balance = balanceRead(scene, seenPostedAt[tenant] ?? []);
    if (balance !== undefined) {
      report.balanceReads += 1;
      await this.#read(balance);
    }
    const entry = readRandom.chance(0.3) ? entryRead(scene) : undefined;
    if (entry !== undefined) {
      report.entryReads += 1;
      await this.#read(entry);
    }
    const loan = readRandom.chance(0.25) ? loanRead(scene) : undefined;
    if (loan !== undefined) {
      report.loanReads += 1;
      await this.#read(loan);
    }
    const refused = readRandom.chance(0.16) ? refusedRead(scene) : undefined;
    if (refused !== undefined) await this.#read(refused);
    const account = readRandom.chance(0.3) ? accountRead(scene, seenPostedAt[tenant] ?? []) : undefined;
    if (account !== undefined) {
      report.accountReads += 1;
      const answer = await this.#course.read(account.request);
      this.#course.fixedAnswers.push({ request: account.request, body: answer.body, status: answer.status });
    }
    if (readRandom.chance(0.25)) await this.#walkLoan();
    if (readRandom.chance(0.08)) await this.#walkTenant();
    if (readRandom.chance(0.08)) await this.#pullEvents();
  }

  /** Nobody else writes to the loan, so its list is certain at once. */
  async #walkLoan(): Promise<void> {
    const { readRandom, tenant, businessDate } = this.scene;
    const known = knownLoans(this.scene);
    if (known.length === 0) return;
    const { loanId } = readRandom.pick(known).slot;
    const course = this.#course;
    course.report.loanWalks += 1;
    const walk = await walkList(course, someList(readRandom, { tenant, loanId, businessDate }));
    if (walk === undefined) return;
    const found = walkDifferences(course.ledger(walk.list.tenant), walk);
    if (found.length > 0) course.differWalk('journal of a loan', tenant, found);
  }

  /** Others write to the tenant's list while it is read: it is compared at the end. */
  async #walkTenant(): Promise<void> {
    const { readRandom, tenant, businessDate } = this.scene;
    const course = this.#course;
    course.report.tenantWalks += 1;
    const walk = await walkList(course, someList(readRandom, { tenant, loanId: undefined, businessDate }));
    if (walk !== undefined) course.walks.push(walk);
  }

  /** As with the tenant's list. */
  async #pullEvents(): Promise<void> {
    const { readRandom, tenant, ledger } = this.scene;
    this.#course.report.eventPulls += 1;
    const pull = await pullEvents(this.#course, somePull(readRandom, tenant, ledger));
    if (pull !== undefined) this.#course.pulls.push(pull);
  }

  async #read({ request, fixed }: Read): Promise<void> {
    const course = this.#course;
    const { ledger } = this.scene;
    const answer = await course.read(request);
    const expected = expectAnswer(ledger, request, course.now(request.tenant));
    const found = differencesOf(ledger, expected, answer);
    if (found.length > 0) course.differ('read', { request, answer, found });
    if (expected.kind === 'entry' && found.length === 0) learnCorrelation(ledger, answerObject(answer.body));
    if (fixed) course.fixedAnswers.push({ request, body: answer.body, status: answer.status });
  }
}

/** The same request: as it was, with its fields in another order and spaced, or with its key quoted. */
function repeated(scene: Scene, request: LedgerRequest): LedgerRequest {
  const kind = scene.random.weighted({ same: 2, reordered: 2, quoted: 1 });
  if (kind === 'same') return request;
  if (kind === 'quoted')
    return { ...request, keyHeaders: request.keyHeaders.map((key) => (key.startsWith('"') ? key : `"${key}"`)) };
  const body = answerObject(request.body) ?? {};
  const entries = scene.random.shuffled(Object.entries(body));
  return { ...request, body: JSON.stringify(Object.fromEntries(entries), null, 2) };
}

/** Two of three to one process, for only there a key can be seen to be in progress; the rest to the next one. */
function processForKey(first: number, at: number): number {
  return at % 3 === 2 ? first + 1 : first;
}
