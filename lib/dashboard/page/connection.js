const base = document.querySelector('meta[name="monitoring-base"]').content;
const TOKEN = 'monitoring.token';
const RETRY_MS = 2_000;
/** The application says something at least this often. */
const SILENCE_MS = 40_000;

/** Thrown when the application wants to know who asks, or lets nobody of this kind in. */
export class Refused extends Error {
  constructor(status, challenge) {
    super(`The application answered ${status}.`);
    this.wantsToken = (status === 401 || status === 429) && /^bearer/i.test(challenge ?? '');
  }
}

/** Remembers a token for as long as this tab is open. */
export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function ask(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(base + path, {
    ...options,
    headers: { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) },
  });
  if ([401, 403, 429].includes(response.status)) {
    throw new Refused(response.status, response.headers.get('www-authenticate'));
  }
  if (!response.ok) {
    const { message } = await response.json().catch(() => ({}));
    throw new Error(message ?? `The application answered ${response.status}.`);
  }
  return response;
}

/** What the application knows under a path of the API. */
export async function read(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  const response = await ask(`api/${path}?${query}`, { headers: { accept: 'application/json' } });
  return response.json();
}

/** Asks the application to do something. */
export async function tell(path, body) {
  const response = await ask(`api/${path}`, {
    method: 'POST',
    // No page of another origin can send this header unasked.
    headers: { 'content-type': 'application/json', 'x-monitoring-request': 'dashboard' },
    body: JSON.stringify(body),
  });
  return response.json();
}

/**
 * Follows what happens, for as long as the page is open.
 *
 * @param {{ event: (name: string, data: any) => void, connected: () => void, lost: () => void, refused: (error: Refused) => void }} listener
 */
export async function follow(listener) {
  for (;;) {
    try {
      await followOnce(listener);
    } catch (error) {
      if (error instanceof Refused) {
        listener.refused(error);
        return;
      }
    }
    listener.lost();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Not an EventSource: that cannot send a token. */
async function followOnce(listener) {
  const controller = new AbortController();
  const response = await ask('api/events', {
    headers: { accept: 'text/event-stream' },
    signal: controller.signal,
  });
  listener.connected();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const timer = setTimeout(() => controller.abort(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) announce(event, listener);
  }
}

function announce(text, listener) {
  const fields = Object.fromEntries(
    text.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  if (fields.event) listener.event(fields.event, JSON.parse(fields.data));
}
