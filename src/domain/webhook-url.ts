/** The address of a receiver, read and found well-formed; whether its host may be connected to is another question. */
export type WebhookUrl = {
  /** As it is kept and answered: the text that came. */
  readonly text: string;
  readonly secure: boolean;
  /** A name or address as it stands in the URL, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The path with its query. */
  readonly path: string;
  /** What goes into the Host header. */
  readonly authority: string;
};

/** `plainHttp`: whether http is accepted beside https. */
export type WebhookUrlRules = { readonly plainHttp: boolean };

const URL_CHARS_MAX = 2048;
// No user, no fragment, no white space, no backslash, printable ASCII alone: what one parser reads as the host, every parser
// reads as the host.
const SHAPE =
  /^(https?):\/\/([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::([1-9][0-9]{0,4}))?(\/[!-"$-[\]-~]*)?$/;
const PORT_MAX = 65_535;
/** Below it live the services of operating systems (mail, shells, name service), which no receiver is. */
const PRIVILEGED_PORTS_END = 1_024;

/**
 * Reads the URL of a webhook receiver. Undefined for everything unusual: a user, a fragment, a host that is spelled in any
 * other way than the usual one (addresses in decimal, octal, hexadecimal or short form, trailing dots, other scripts), a
 * port below 1024 that is not the scheme's own.
 */
export function parseWebhookUrl(text: string, { plainHttp }: WebhookUrlRules): WebhookUrl | undefined {
  const match = text.length <= URL_CHARS_MAX ? SHAPE.exec(text) : null;
  if (match === null || !URL.canParse(text)) return undefined;
  const [, scheme, writtenHost = '', writtenPort, path = '/'] = match;
  const url = new URL(text);
  // The parser normalises 0177.1, 2130706433 and 127.1 to 127.0.0.1, and every IPv6 address to its short form.
  if (url.hostname !== writtenHost.toLowerCase()) return undefined;
  const secure = scheme === 'https';
  if (!secure && !plainHttp) return undefined;
  const standardPort = secure ? 443 : 80;
  const port = writtenPort === undefined ? standardPort : Number(writtenPort);
  if (port > PORT_MAX || (port < PRIVILEGED_PORTS_END && port !== standardPort)) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { text, secure, host, port, path, authority: url.host };
}
