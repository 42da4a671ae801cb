import { clock } from './format.js';

/** A heartbeat comes every 15 s. */
const MAX_SILENCE_MS = 20_000;
const TICK_MS = 1_000;

/**
 * The contact with the application: for how long there has been none, which instance answers, and whether it is the same
 * one as before. Without contact, the page is marked as a whole, since everything on it is old.
 */
export class Contact {
  #listener;
  #lastAlive;
  #isLost = false;
  #timer;
  #overview;
  /** The instances that have answered on this page. */
  #known = new Set();

  /** @param {{ lost: (seconds: number) => void, note: (text: string) => void }} listener `lost` is called every second */
  constructor(listener) {
    this.#listener = listener;
  }

  begin() {
    this.alive();
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  end() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#mark(false);
  }

  alive() {
    this.#lastAlive = Date.now();
    this.#mark(false);
  }

  /** Nothing is received while the page is hidden. */
  pause() {
    this.#lastAlive = undefined;
    this.#mark(false);
  }

  lose() {
    this.#lastAlive ??= Date.now();
    this.#mark(true);
    this.#tick();
  }

  /** Notes the instance that an overview is from. */
  answeredBy(overview) {
    const { instance } = overview;
    const before = this.#overview;
    this.#overview = overview;
    const isKnown = this.#known.has(instance.id);
    this.#known.add(instance.id);
    if (before === undefined || before.instance.id === instance.id) return;
    const startedAt = clock(instance.startedAt);
    // By the clock of the machine that both run on.
    const isRestart = instance.host === before.instance.host && instance.startedAt > before.timestamp;
    if (isKnown) this.alsoAnsweredBy(before.instance.id);
    else if (isRestart)
      this.#listener.note(`The application was restarted at ${startedAt}. Its history begins there.`);
    else {
      this.#listener.note(
        `Another instance answers: ${nameOf(instance.id)}, started at ${startedAt}; before, it was ${nameOf(before.instance.id)}.`,
      );
    }
  }

  /** Notes that an instance has answered beside the one whose events are shown. */
  alsoAnsweredBy(id) {
    this.#known.add(id);
    const names = [...this.#known].map(nameOf).join(', ');
    this.#listener.note(
      `Several instances answer at this address (${names}), and each knows only its own figures. Open the dashboard of one of them by its own address.`,
    );
  }

  #mark(isLost) {
    if (this.#isLost === isLost) return;
    this.#isLost = isLost;
    document.body.classList.toggle('without-contact', isLost);
  }

  #tick() {
    if (this.#lastAlive === undefined) return;
    const silence = Date.now() - this.#lastAlive;
    if (silence > MAX_SILENCE_MS) this.#mark(true);
    if (this.#isLost) this.#listener.lost(Math.round(silence / 1_000));
  }
}

/** Returns the name of an instance without the time of its start. */
function nameOf(id) {
  return id.slice(0, id.lastIndexOf(':'));
}
