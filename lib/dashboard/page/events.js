import { AccessDenied, receiveEvents, sharedName } from './connection.js';

const RETRY_MS = 2_000;
/** A tab that somebody only looks away from keeps its connection. */
const HIDDEN_MS = 5_000;
/** The calls of a listener that one page passes on to others. */
const SHARED = ['connected', 'alive', 'event'];

/**
 * Receives events while this page is visible, and reconnects after an error. A browser opens only six connections to a
 * server of HTTP/1.1: of the pages that are visible at once, one has the connection and passes the events on.
 *
 * @param {{
 *   event: (name: string, data: unknown) => void,
 *   connected: () => void,
 *   alive: () => void,
 *   lost: () => void,
 *   paused: () => void,
 *   denied: (error: AccessDenied) => void,
 * }} listener `paused` is called while the page is hidden, when there is nothing to receive
 */
export async function subscribe(listener) {
  for (;;) {
    await visible();
    const hidden = hiddenFor(HIDDEN_MS);
    try {
      await (canShare() ? shareEvents(listener, hidden.signal) : receiveEvents(listener, hidden.signal));
    } catch (error) {
      if (error instanceof AccessDenied) {
        listener.denied(error);
        return;
      }
    } finally {
      hidden.stop();
    }
    if (hidden.signal.aborted) {
      listener.paused();
    } else {
      listener.lost();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Returns a promise of the moment when the page is visible. */
function visible() {
  return new Promise((resolve) => {
    const check = () => {
      if (document.visibilityState !== 'visible') return;
      document.removeEventListener('visibilitychange', check);
      resolve();
    };
    document.addEventListener('visibilitychange', check);
    check();
  });
}

/** Returns a signal that is aborted once the page has been hidden for so long. */
function hiddenFor(milliseconds) {
  const controller = new AbortController();
  let timer;
  const check = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') return;
    timer = setTimeout(() => controller.abort(), milliseconds);
  };
  document.addEventListener('visibilitychange', check);
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', check);
    },
  };
}

/** Locks exist only in a secure context: over HTTPS, or on this machine. */
function canShare() {
  return navigator.locks !== undefined && globalThis.crypto?.subtle !== undefined;
}

/** Receives events from the page that has the connection, and becomes that page once it has gone. */
async function shareEvents(listener, signal) {
  const name = await sharedName();
  const channel = new BroadcastChannel(name);
  let isFirst = false;
  let latest;
  channel.addEventListener('message', ({ data: [kind, ...values] }) => {
    if (!isFirst) {
      if (SHARED.includes(kind)) listener[kind](...values);
    } else if (kind === 'ask') {
      channel.postMessage(['connected']);
      if (latest !== undefined) channel.postMessage(latest);
    }
  });
  const first = {
    connected: () => {
      listener.connected();
      channel.postMessage(['connected']);
    },
    alive: () => {
      listener.alive();
      channel.postMessage(['alive']);
    },
    event: (event, data) => {
      listener.event(event, data);
      latest = ['event', event, data];
      channel.postMessage(latest);
    },
  };
  channel.postMessage(['ask']);
  try {
    await navigator.locks.request(name, { signal }, () => {
      isFirst = true;
      return receiveEvents(first, signal);
    });
  } finally {
    channel.close();
  }
}
