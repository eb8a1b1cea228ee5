import { LIMITS } from '../limits.ts';

/**
 * Bytes of large bodies that one process holds together, each from its arrival until it is answered
 * (decisions/0026-bodies-under-way.md). What counts is what has arrived: a length that was only announced takes nothing from anybody.
 */
export class BodyBudget {
  readonly #ofTenant = new Map<string, number>();
  #bytes = 0;

  /** Bytes of large bodies that have arrived and were not answered yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a tenant may have `bytes` more at this moment. */
  hasRoom(tenantId: string, bytes: number): boolean {
    const own = this.#ofTenant.get(tenantId) ?? 0;
    return this.#bytes + bytes <= LIMITS.largeBodiesBytes && own + bytes <= LIMITS.tenantLargeBodiesBytes;
  }

  /** The share of one body of a tenant; it begins with nothing. */
  share(tenantId: string): BodyShare {
    return new BodyShare((bytes) => this.#move(tenantId, bytes));
  }

  #move(tenantId: string, bytes: number): boolean {
    if (bytes > 0 && !this.hasRoom(tenantId, bytes)) return false;
    this.#bytes += bytes;
    const own = (this.#ofTenant.get(tenantId) ?? 0) + bytes;
    if (own === 0) this.#ofTenant.delete(tenantId);
    else this.#ofTenant.set(tenantId, own);
    return true;
  }
}

/** What one large body has of the budget. */
export class BodyShare {
  readonly #move: (bytes: number) => boolean;
  #bytes = 0;

  constructor(move: (bytes: number) => boolean) {
    this.#move = move;
  }

  /** Has the share reach `bytes`; false, with nothing taken, where the budget is used up. */
  reach(bytes: number): boolean {
    if (!this.#move(bytes - this.#bytes)) return false;
    this.#bytes = bytes;
    return true;
  }

  /** Gives all of it back; once more does nothing. */
  release(): void {
    this.#move(-this.#bytes);
    this.#bytes = 0;
  }
}
