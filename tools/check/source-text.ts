/**
 * Tells code from comments, strings and patterns in TypeScript, as far as the checks need it. TypeScript 7 offers no
 * parser to programs, and a rule about code must not be tripped by a sentence about it.
 */

/** A literal's text without its quotes; the chunks of a template are joined, each `${…}` between them left out. */
export type Literal = { readonly text: string; readonly line: number };

/** `code` has the source's lines and columns, with blanks in place of comments, strings and patterns. */
export type ScannedSource = { readonly code: string; readonly literals: readonly Literal[] };

type OpenTemplate = { readonly braceDepth: number; readonly at: number; chunks: string };

const BEFORE_PATTERN = /(?:^|[(,=:[!&|?{;+\-*%<>~^]|\b(?:return|typeof|case|in|of|throw))\s*$/;

/** Scans one file. Throws for a comment, string or template that does not end. */
export function scanSource(source: string): ScannedSource {
  return new Scanner(source).scan();
}

/** The line, counted from 1, on which the character at `at` stands. */
export function lineAt(source: string, at: number): number {
  let line = 1;
  for (let index = source.indexOf('\n'); index >= 0 && index < at; index = source.indexOf('\n', index + 1)) line += 1;
  return line;
}

class Scanner {
  readonly #source: string;
  readonly #code: string[];
  readonly #literals: Literal[] = [];
  readonly #templates: OpenTemplate[] = [];
  #braceDepth = 0;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#code = [...source].length === source.length ? [...source] : source.split('');
  }

  scan(): ScannedSource {
    while (this.#at < this.#source.length) this.#step();
    if (this.#templates.length > 0) throw new Error('a template literal does not end');
    return { code: this.#code.join(''), literals: this.#literals };
  }

  #step(): void {
    const character = this.#source[this.#at] ?? '';
    const next = this.#source[this.#at + 1] ?? '';
    if (character === '/' && next === '/') this.#blankTo(this.#endOf('\n', 2, this.#source.length));
    else if (character === '/' && next === '*') this.#blankTo(this.#endOf('*/', 2) + 2);
    else if (character === "'" || character === '"') this.#string(character);
    else if (character === '`') this.#openTemplate();
    else if (character === '}' && this.#templates.at(-1)?.braceDepth === this.#braceDepth) this.#templateChunk();
    else if (character === '/' && BEFORE_PATTERN.test(this.#codeBefore())) this.#pattern();
    else {
      if (character === '{') this.#braceDepth += 1;
      if (character === '}') this.#braceDepth -= 1;
      this.#at += 1;
    }
  }

  #codeBefore(): string {
    return this.#code.slice(Math.max(0, this.#at - 80), this.#at).join('');
  }

  #string(quote: string): void {
    const begin = this.#at;
    let end = begin + 1;
    while (this.#source[end] !== quote) {
      if (this.#source[end] === undefined || this.#source[end] === '\n') throw this.#unended('string', begin);
      end += this.#source[end] === '\\' ? 2 : 1;
    }
    this.#literals.push({ text: this.#source.slice(begin + 1, end), line: lineAt(this.#source, begin) });
    this.#blankTo(end + 1);
  }

  #openTemplate(): void {
    this.#templates.push({ braceDepth: this.#braceDepth, at: this.#at, chunks: '' });
    this.#templateChunk();
  }

  /** From the opening quote, or the `}` of the last `${…}`, to the closing quote or the next `${`. */
  #templateChunk(): void {
    const template = this.#templates.at(-1);
    if (template === undefined) throw new Error('a template chunk without its template');
    let end = this.#at + 1;
    while (this.#source[end] !== '`' && !this.#source.startsWith('${', end)) {
      if (this.#source[end] === undefined) throw this.#unended('template literal', template.at);
      end += this.#source[end] === '\\' ? 2 : 1;
    }
    template.chunks += this.#source.slice(this.#at + 1, end);
    const closes = this.#source[end] === '`';
    if (closes) {
      this.#templates.pop();
      this.#literals.push({ text: template.chunks, line: lineAt(this.#source, template.at) });
    }
    this.#blankTo(end + (closes ? 1 : 2));
  }

  #pattern(): void {
    const begin = this.#at;
    let end = begin + 1;
    let inClass = false;
    while (this.#source[end] !== '/' || inClass) {
      if (this.#source[end] === undefined || this.#source[end] === '\n') throw this.#unended('pattern', begin);
      if (this.#source[end] === '[') inClass = true;
      if (this.#source[end] === ']') inClass = false;
      end += this.#source[end] === '\\' ? 2 : 1;
    }
    this.#blankTo(end + 1);
  }

  #endOf(text: string, skip: number, fallback?: number): number {
    const end = this.#source.indexOf(text, this.#at + skip);
    if (end >= 0) return end;
    if (fallback === undefined) throw this.#unended('comment', this.#at);
    return fallback;
  }

  #blankTo(end: number): void {
    for (; this.#at < end; this.#at += 1) if (this.#code[this.#at] !== '\n') this.#code[this.#at] = ' ';
  }

  #unended(what: string, at: number): Error {
    return new Error(`the ${what} that begins on line ${lineAt(this.#source, at)} does not end`);
  }
}
