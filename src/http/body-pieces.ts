const BLOCK_BYTES_MIN = 4 * 1024;
const BLOCK_BYTES_MAX = 64 * 1024;

/**
 * A body as it arrives. Each piece is an object of some 400 bytes, however short the piece, and a sender may choose pieces of
 * one byte: all but the first are therefore copied together.
 */
export class BodyPieces {
  #blocks: Buffer[] = [];
  /** Bytes of the last block that are taken. */
  #taken = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Buffer): void {
    if (this.#bytes === 0) {
      this.#blocks = [piece];
      this.#taken = piece.length;
    } else {
      this.#copy(piece);
    }
    this.#bytes += piece.length;
  }

  /** All of it as one; of a body that came in one piece, that piece. */
  whole(): Buffer {
    const [first] = this.#blocks;
    return this.#bytes === first?.length ? first : Buffer.concat(this.#blocks, this.#bytes);
  }

  #copy(piece: Buffer): void {
    let copied = 0;
    while (copied < piece.length) {
      const block = this.#openBlock();
      const bytes = piece.copy(block, this.#taken, copied);
      this.#taken += bytes;
      copied += bytes;
    }
  }

  /** Grows with the body, so that what is not used yet is never more than what has come, or a page. */
  #openBlock(): Buffer {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#taken < last.length) return last;
    const block = Buffer.allocUnsafeSlow(Math.min(Math.max(this.#bytes, BLOCK_BYTES_MIN), BLOCK_BYTES_MAX));
    this.#blocks.push(block);
    this.#taken = 0;
    return block;
  }
}
