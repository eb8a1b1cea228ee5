import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveByNameServers } from '../../src/jobs/webhooks/receiver-target.ts';
import { LIMITS } from '../../src/limits.ts';

const A = 1;
const AAAA = 28;
const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** Addresses by name and type, as bytes; a name that is not here does not exist. */
const ZONE: Readonly<Record<string, Readonly<Record<number, readonly (readonly number[])[]>>>> = {
  'both.example': {
    [A]: [
      [192, 0, 2, 1],
      [192, 0, 2, 2],
    ],
    [AAAA]: [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  },
  'four.example': { [A]: [[192, 0, 2, 3]] },
};

let server: Socket;
let servers: readonly string[];
beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (question, from) => {
    const answer = answerTo(question);
    if (answer !== undefined) server.send(answer, from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  servers = [`127.0.0.1:${server.address().port}`];
});
afterAll(() => server.close());

/** RFC 1035 section 4: header, the question again, answers that point back to its name. Undefined: no answer at all. */
function answerTo(question: Buffer): Buffer | undefined {
  const labels: string[] = [];
  let end = 12;
  for (let length = question[end] ?? 0; length > 0; length = question[end] ?? 0) {
    labels.push(question.toString('latin1', end + 1, end + 1 + length));
    end += 1 + length;
  }
  const name = labels.join('.').toLowerCase();
  const type = question.readUInt16BE(end + 1);
  if (name === 'silent.example') return undefined;
  const records = ZONE[name]?.[type] ?? [];
  const code = name === 'broken.example' ? SERVER_FAILURE : ZONE[name] === undefined ? NO_SUCH_NAME : NO_ERROR;
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const answers = records.map((bytes) => Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]));
  return Buffer.concat([header, question.subarray(12, end + 5), ...answers]);
}

test('every address of a name, of both families', async () => {
  expect(await resolveByNameServers('both.example', servers)).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1']);
  expect(await resolveByNameServers('four.example', servers)).toEqual(['192.0.2.3']);
});

test('none for a name that does not exist', async () => {
  expect(await resolveByNameServers('nowhere.example', servers)).toEqual([]);
});

test('a name server that fails cannot tell', async () => {
  await expect(resolveByNameServers('broken.example', servers)).rejects.toThrow();
});

test('one that does not answer is not waited for beyond the limit', async () => {
  const beganMs = performance.now();
  await expect(resolveByNameServers('silent.example', servers)).rejects.toThrow();
  expect(performance.now() - beganMs).toBeLessThan(LIMITS.webhookResolveMs + 1_000);
});
