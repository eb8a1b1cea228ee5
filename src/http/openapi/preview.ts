import type { QueryParameter } from '../query-reader.ts';
import { type About, type KeyedPostAbout, keyedPost } from './about.ts';
import { sharedSchema } from './component-schemas.ts';
import { type JsonSchema, schemaRef } from './json-schema.ts';

const PREVIEW: QueryParameter = {
  read: (text) => (text === 'true' || text === 'false' ? text : undefined),
  wanted: 'true or false',
  schema: { type: 'boolean', default: false },
  description:
    'With `true` nothing is posted: the answer is 200 with the lines that the request would post now. Needs no Idempotency-Key, and looks at none.',
  example: true,
};

/** The query of every POST that moves money. */
export const PREVIEW_QUERY = { preview: PREVIEW } as const;

/** What a POST that moves money says: all that a keyed one does, and that it can be previewed. */
export function previewedPost(about: KeyedPostAbout, bodySchema: JsonSchema): About {
  const whole = about.standsAlone === true ? about : restating(about);
  const said = keyedPost(whole, bodySchema);
  const { answer } = whole;
  const name = `${answer.name}OrPreview`;
  const replay = {
    description:
      'The same request was answered before: the first body, byte for byte. Or what it would post (`preview`).',
    schema: { name, schema: { oneOf: [schemaRef(answer.name), schemaRef(sharedSchema('PostingPreview').name)] } },
    example: answer.example,
    headers: ['NoStore', 'IdempotentReplayedIfPosted'] as const,
  };
  return { ...said, query: PREVIEW_QUERY, answers: { ...said.answers, 200: replay } };
}

/** What an event may do to those behind it, and what may be in its way (ACCOUNTING.md rule 11). */
function restating(about: KeyedPostAbout): KeyedPostAbout {
  const { answer, problems } = about;
  const properties = {
    ...Object(answer.schema['properties']),
    restatement: schemaRef('Restatement', 'Only when it is one.'),
  };
  const schema = { ...answer.schema, properties };
  return {
    ...about,
    answer: { ...answer, schema },
    problems: [...problems, 'replay_blocked', 'restatement_too_large'],
  };
}
