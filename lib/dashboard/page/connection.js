import { noteClock } from './chart-context.js';

const base = document.querySelector('meta[name="monitoring-base"]').content;
const TOKEN = 'monitoring.token';
const INSTANCE = 'x-monitoring-instance';
/** Number of times that a read is repeated if another instance has answered. */
const MAX_REPEATS = 2;
/** The server sends a heartbeat every 15 s; a longer silence means a lost connection. */
const MAX_SILENCE_MS = 40_000;

/** The instance whose events are shown, and what is to be done if another one answers. */
const instances = { expected: undefined, onOther: () => undefined };

/** @param {string} id the instance whose events are shown @param {(id: string) => void} onOther called with another one that answers */
export function expectInstance(id, onOther) {
  instances.expected = id;
  instances.onOther = onOther;
}

/** The source of the figures of the last answer that has one, and what is to be done at the first one. */
const sources = { last: undefined, onFirst: () => undefined };

/** @param {() => void} onFirst called once there is an answer that may be about several instances */
export function onSource(onFirst) {
  sources.onFirst = onFirst;
}

/** @returns {'fleet' | 'process' | undefined} whose figures the last answer has: of all instances, or of one process */
export function lastSource() {
  return sources.last;
}

function noteSource(path, source) {
  // The report about the instances is no answer that is shown with others.
  if (path === 'fleet' || !source) return;
  const isFirst = sources.last === undefined;
  sources.last = source;
  if (isFirst) sources.onFirst();
}

const REFUSALS = {
  401: 'The token is not the right one.',
  429: 'Too many attempts. Wait a moment, then try again.',
};

/** The error of a response that denies access: 401, 403 or 429. */
export class AccessDenied extends Error {
  constructor(status, challenge, hadToken) {
    super(`Access denied (HTTP ${status}).`);
    this.wantsToken = (status === 401 || status === 429) && /^bearer/i.test(challenge ?? '');
    /** Says why the token that was sent does not help; undefined if none was sent. */
    this.refusal = hadToken ? REFUSALS[status] : undefined;
  }
}

/** The error of any other response that is not successful. */
class RequestFailed extends Error {
  constructor(status, message) {
    super(message ?? `Request failed (HTTP ${status}).`);
    this.status = status;
  }
}

/** Stores a token until this tab closes. */
export function storeToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const sentAt = Date.now();
  const response = await fetch(base + path, {
    ...options,
    headers: { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) },
  });
  noteClock(response, sentAt);
  if ([401, 403, 429].includes(response.status)) {
    throw new AccessDenied(response.status, response.headers.get('www-authenticate'), token !== null);
  }
  if (!response.ok) {
    const { message } = await response.json().catch(() => ({}));
    throw new RequestFailed(response.status, message);
  }
  return response;
}

/** The reads that the next microtask sends. */
let waiting = [];
/** The most reads of one request. */
const MAX_READS = 8;
/** The message about a read that only its own endpoint answers, in place of `batch`. */
const UNKNOWN_READ = 'Unknown read.';
/** The answers of a proxy while there is no application to ask once more. */
const UNAVAILABLE = [502, 503, 504];

/**
 * Reads from the API, if it can be from the instance whose events are shown: several may share one address. Reads that begin
 * without an `await` between them are one request.
 */
export function read(path, parameters = {}) {
  return new Promise((resolve, reject) => {
    waiting.push({ path, query: String(new URLSearchParams(parameters)), resolve, reject });
    if (waiting.length === 1) queueMicrotask(sendWaiting);
  });
}

function sendWaiting() {
  const reads = waiting;
  waiting = [];
  if (reads.length === 1) void readAlone(reads[0]);
  else for (let i = 0; i < reads.length; i += MAX_READS) void readTogether(reads.slice(i, i + MAX_READS));
}

async function readAlone({ path, query, resolve, reject }) {
  try {
    const response = await answerTo(path, query);
    noteSource(path, response.headers.get('x-monitoring-source'));
    resolve(await response.json());
  } catch (error) {
    reject(error);
  }
}

async function readTogether(reads) {
  try {
    const query = new URLSearchParams(reads.map(({ path, query: own }) => ['read', `${path}?${own}`]));
    const parts = await (await answerTo('batch', query)).json();
    reads.forEach(({ path, resolve, reject }, i) => {
      const { status, source, body } = parts[i];
      if (status === 404 && body.message === UNKNOWN_READ) {
        void readAlone(reads[i]);
        return;
      }
      noteSource(path, source);
      if (status === 200) resolve(body);
      else reject(new RequestFailed(status, body.message));
    });
  } catch (error) {
    // One that fails fails all of them: each is asked by itself, and says what is wrong.
    const isOne = error instanceof RequestFailed && !UNAVAILABLE.includes(error.status);
    for (const each of reads) {
      if (isOne) void readAlone(each);
      else each.reject(error);
    }
  }
}

async function answerTo(path, query) {
  for (let repeats = 0; ; repeats++) {
    const response = await request(`api/${path}?${query}`, { headers: { accept: 'application/json' } });
    const { expected, onOther } = instances;
    const instance = response.headers.get(INSTANCE);
    if (!expected || !instance || instance === expected) return response;
    if (repeats < MAX_REPEATS) continue;
    onOther(instance);
    return response;
  }
}

/** Reads from the API and saves the answer as a file. A link cannot send a token. */
export async function download(path, parameters) {
  const response = await request(`api/${path}?${new URLSearchParams(parameters)}`);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  const [, fileName] = /filename="([^"]+)"/.exec(response.headers.get('content-disposition')) ?? [];
  link.download = fileName ?? '';
  link.click();
  URL.revokeObjectURL(url);
}

/** Sends an action to the API. */
export async function post(path, body) {
  const response = await request(`api/${path}`, {
    method: 'POST',
    // A page of another origin cannot send this header without a CORS preflight.
    headers: { 'content-type': 'application/json', 'x-monitoring-request': 'dashboard' },
    body: JSON.stringify(body),
  });
  return response.json();
}

/**
 * Reads and shows what the browser has asked for together with the scripts, before the connection for events is open, unless
 * an event or a refusal has overtaken it.
 *
 * @param {string} address
 * @param {{ overview?: object, isDenied: boolean }} page
 * @param {(overview: object) => void} show
 */
export async function readFirst(address, page, show) {
  try {
    const response = await fetch(address);
    // The browser has asked for it after it began to open the page.
    noteClock(response, performance.timeOrigin);
    if (!response.ok) return;
    const overview = await response.json();
    if (page.overview === undefined && !page.isDenied) show(overview);
  } catch {
    // Then it comes by the connection for events.
  }
}

/**
 * Receives events over one connection until it ends. An EventSource cannot send a token.
 *
 * @param {{ event: (name: string, data: unknown) => void, connected: () => void, alive: () => void }} listener
 * @param {AbortSignal} signal ends the connection
 */
export async function receiveEvents(listener, signal) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener('abort', abort);
  try {
    const response = await request('api/events', {
      headers: { accept: 'text/event-stream' },
      signal: controller.signal,
    });
    // A page of a proxy, such as that of a sign-in or of maintenance, is no contact.
    if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      throw new RequestFailed(response.status, 'The answer is not from the application.');
    }
    listener.connected();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const timer = setTimeout(abort, MAX_SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      listener.alive();
      text += value;
      const events = text.split('\n\n');
      text = events.pop();
      for (const event of events) dispatch(event, listener);
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function dispatch(text, listener) {
  const fields = Object.fromEntries(
    text.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  if (fields.event) listener.event(fields.event, JSON.parse(fields.data));
}

/** Returns a name for what the pages of this dashboard with the same token share, without the token in it. */
export async function sharedName() {
  const text = `${base} ${sessionStorage.getItem(TOKEN) ?? ''}`;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `monitoring ${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
