const base = document.querySelector('meta[name="monitoring-base"]').content;
const TOKEN = 'monitoring.token';
const RETRY_MS = 2_000;
/** The server sends a heartbeat every 15 s; a longer silence means a lost connection. */
const MAX_SILENCE_MS = 40_000;

/** The error of a response that denies access: 401, 403 or 429. */
export class AccessDenied extends Error {
  constructor(status, challenge) {
    super(`Access denied (HTTP ${status}).`);
    this.wantsToken = (status === 401 || status === 429) && /^bearer/i.test(challenge ?? '');
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
  const response = await fetch(base + path, {
    ...options,
    headers: { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) },
  });
  if ([401, 403, 429].includes(response.status)) {
    throw new AccessDenied(response.status, response.headers.get('www-authenticate'));
  }
  if (!response.ok) {
    const { message } = await response.json().catch(() => ({}));
    throw new RequestFailed(response.status, message);
  }
  return response;
}

/** Reads from the API. */
export async function read(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  const response = await request(`api/${path}?${query}`, { headers: { accept: 'application/json' } });
  return response.json();
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
 * Receives events as long as the page is open, and reconnects after an error.
 *
 * @param {{ event: (name: string, data: any) => void, connected: () => void, lost: () => void, denied: (error: AccessDenied) => void }} listener
 */
export async function subscribe(listener) {
  for (;;) {
    try {
      await receiveEvents(listener);
    } catch (error) {
      if (error instanceof AccessDenied) {
        listener.denied(error);
        return;
      }
    }
    listener.lost();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Receives events over one connection. An EventSource cannot send a token. */
async function receiveEvents(listener) {
  const controller = new AbortController();
  const response = await request('api/events', {
    headers: { accept: 'text/event-stream' },
    signal: controller.signal,
  });
  listener.connected();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const timer = setTimeout(() => controller.abort(), MAX_SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) dispatch(event, listener);
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
