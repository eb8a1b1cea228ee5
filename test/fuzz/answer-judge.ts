import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { HttpAnswer } from '../http/http-client.ts';
import type { Answer, ApiDocument, Content, Operation, Schema } from './api-document.ts';

const ROOT = 'openapi.json';

/** Holds answers, and the bodies of requests, against the document. Shares nothing with what the server makes them by. */
export class AnswerJudge {
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<Schema, ValidateFunction>();

  constructor(document: ApiDocument) {
    this.#ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document.root as object, ROOT);
  }

  /** What is wrong with an answer to an operation; undefined when the document promises it. */
  faultOf(operation: Operation, answer: HttpAnswer): string | undefined {
    if (answer.status >= 500) return `${answer.status}: ${answer.text}`;
    const promised = operation.answers[String(answer.status)];
    if (promised === undefined) return `status ${answer.status} is not promised: ${answer.text}`;
    return this.#headerFault(promised, answer) ?? this.#bodyFault(promised.content ?? {}, answer);
  }

  /** Whether the document allows a body of JSON. */
  allows(operation: Operation, json: unknown): boolean {
    const schema = operation.body?.['application/json']?.schema;
    return schema !== undefined && this.#validator(schema)(json);
  }

  #headerFault({ headers = {} }: Answer, answer: HttpAnswer): string | undefined {
    const missing = Object.entries(headers).filter(
      ([name, { required }]) => required === true && answer.headers[name.toLowerCase()] === undefined,
    );
    return missing.length === 0 ? undefined : `headers are missing: ${missing.map(([name]) => name).join(', ')}`;
  }

  #bodyFault(content: Content, answer: HttpAnswer): string | undefined {
    const [mediaType] = (answer.headers['content-type'] ?? '').split(';', 1);
    const promised = content[mediaType ?? ''];
    if (promised === undefined) {
      return Object.keys(content).length === 0 && answer.text === ''
        ? undefined
        : `${mediaType} is not promised for ${answer.status}`;
    }
    const validate = this.#validator(promised.schema);
    const value = mediaType?.endsWith('json') === true ? answer.json : answer.text;
    return validate(value) ? undefined : `${this.#ajv.errorsText(validate.errors)} in ${answer.text}`;
  }

  #validator(schema: Schema): ValidateFunction {
    const known = this.#compiled.get(schema);
    if (known !== undefined) return known;
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${ROOT}#/`)) as Schema;
    const compiled = this.#ajv.compile(absolute);
    this.#compiled.set(schema, compiled);
    return compiled;
  }
}
