import { EVENTS, REFUSALS } from './what-exists.ts';

type Table = Record<string, number>;

/** What a run of histories did; plain tables, so that threads can send them. */
export interface CountTables {
  histories: number;
  /** Commands sent. */
  events: number;
  /** Accepted, by event. */
  readonly accepted: Table;
  /** By code; `replayed` too. */
  readonly refusals: Table;
  /** What was met and accepted, by kind. */
  readonly meetings: Table;
  /** Answers compared, by what was asked. */
  readonly reads: Table;
}

/** Counts while histories are lived. */
export class Counts {
  readonly tables: CountTables = { histories: 0, events: 0, accepted: {}, refusals: {}, meetings: {}, reads: {} };

  /** One command and what became of it. */
  command(kind: string, outcome: string, meetings: readonly string[]): void {
    this.tables.events += 1;
    if (outcome === 'posted') up(this.tables.accepted, kind);
    else up(this.tables.refusals, outcome);
    for (const meeting of meetings) up(this.tables.meetings, meeting);
  }

  /** One answer compared. */
  read(what: string): void {
    up(this.tables.reads, what);
  }

  /** One history that agreed to its end. */
  history(): void {
    this.tables.histories += 1;
  }

  /** Adds what another thread counted. */
  add(other: CountTables): void {
    this.tables.histories += other.histories;
    this.tables.events += other.events;
    for (const name of ['accepted', 'refusals', 'meetings', 'reads'] as const) {
      for (const [key, count] of Object.entries(other[name])) up(this.tables[name], key, count);
    }
  }
}

function up(table: Table, name: string, by = 1): void {
  table[name] = (table[name] ?? 0) + by;
}

/** What keeps a run from showing what it should: every event, refusal and meeting that came up less often than `minimum`. */
export function shortfalls({ accepted, refusals, meetings }: CountTables, minimum: number): string[] {
  const short = (name: string, count = 0) => (count < minimum ? [`${name}: ${count}, at least ${minimum} wanted`] : []);
  return [
    ...EVENTS.flatMap((kind) => short(`event ${kind}`, accepted[kind])),
    ...[...REFUSALS, 'period_closed', 'replayed'].flatMap((code) => short(`refusal ${code}`, refusals[code])),
    ...Object.entries(meetings).flatMap(([name, count]) => short(`meeting ${name}`, count)),
  ];
}

/** The counts as lines to be read. */
export function countsText(tables: CountTables): string {
  const lines = [`histories ${tables.histories}, events ${tables.events}`];
  for (const name of ['accepted', 'refusals', 'meetings', 'reads'] as const) {
    lines.push(name);
    const rows = Object.entries(tables[name]).sort(([left], [right]) => (left < right ? -1 : 1));
    lines.push(...rows.map(([key, count]) => `  ${key.padEnd(44)}${count}`));
  }
  return lines.join('\n');
}
