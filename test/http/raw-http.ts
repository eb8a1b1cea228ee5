import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';

const SILENCE_MS_MAX = 20_000;

/** An answer as its bytes came. */
export type RawAnswer = {
  readonly status: number;
  /** By name in lower case; of several, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Sends bytes as they are over a connection of their own, and reads answers until the server closes it. */
export async function sendRaw(url: string, raw: string | Uint8Array): Promise<readonly RawAnswer[]> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  // The server may close while we still send; what it answered before is what counts.
  socket.on('error', () => undefined);
  socket.write(raw);
  socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy());
  return readAnswers(await readText(socket));
}

/** A connection to write to; the server may cut it. */
export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** The only answer. */
export async function sendRawOnce(url: string, raw: string | Uint8Array): Promise<RawAnswer> {
  const [answer, ...more] = await sendRaw(url, raw);
  if (answer === undefined || more.length > 0)
    throw new Error(`${more.length + (answer ? 1 : 0)} answers in place of one`);
  return answer;
}

/** Whether nobody listens there, any more or yet. */
export async function isRefused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

/** Takes apart answers that say how long they are. */
function readAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers['content-length'] ?? 0);
    answers.push({ status: Number(line.slice(9, 12)), headers, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}
