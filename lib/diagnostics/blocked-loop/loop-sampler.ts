import { STACK_TRACE_QUESTION } from './stack-trace-question.js';

/** Time between two beats of the event loop, in milliseconds: while the application works, and while it rests. */
export const BEAT_MS = 50;
export const RESTING_BEAT_MS = 1_000;
/** The shortest time between two questions to a main thread that misses its beats, in milliseconds. */
export const FIRST_INTERVAL_MS = 20;

/** The cells of memory that the event loop shares with the thread that watches it. */
export const CELLS = {
  /** Number of beats of the event loop. */
  beats: 0,
  /** 1 while the main thread is asked for its stack trace. */
  isAsking: 1,
  /** Delay from which on the event loop counts as blocked, in milliseconds. */
  thresholdMs: 2,
  /** Time between two beats, in milliseconds. A change of it is notified. */
  beatMs: 3,
  /** Number of reasons not to ask the main thread now. */
  holds: 4,
  /** 1 while an inspector of a developer may connect. */
  isInspected: 5,
} as const;

/** A message to the sampling thread: the event loop was blocked. */
export interface SampleRequest {
  /** Number of the last beat before it. */
  readonly beat: number;
  readonly durationMs: number;
}

/** A stack trace of the main thread, and for how long it was the same. */
export interface StackSample {
  /** The frames, the innermost first, each on a line of its own. */
  readonly stack: string;
  readonly ms: number;
  /**
   * True if the main thread answered late, because code ran that cannot be interrupted or it had no processor. The stack
   * trace is that of what came next.
   */
  readonly isLate: boolean;
  /** Time during which the main thread did not answer, in milliseconds: part of `ms`, and hardly any if it answered at once. */
  readonly silentMs: number;
}

/** The answer of the sampling thread. */
export interface SampleAnswer {
  readonly beat: number;
  readonly samples: readonly StackSample[];
  /** Time during which the sampling thread itself did not run, in milliseconds. */
  readonly starvedMs: number;
}

/** The data of the sampling thread. */
export interface SamplerData {
  readonly cells: Int32Array;
  readonly cellNumbers: typeof CELLS;
}

/**
 * The program of the sampling thread, as text, since a bundle of the application has one file. While beats are missing, it
 * asks the main thread for its stack trace by the inspector, which interrupts JavaScript and stops nothing. It disconnects
 * after each answer, since a process that exits waits for a session that is connected. It discards what the application
 * logged meanwhile, since the inspector would keep up to a thousand messages with all that they refer to; but not what a
 * developer's inspector keeps for its console.
 */
export const LOOP_SAMPLER = `'use strict';
const { Session } = require('node:inspector');
const { parentPort, workerData } = require('node:worker_threads');
const { cells, cellNumbers } = workerData;

const STACK = ${JSON.stringify(STACK_TRACE_QUESTION)};
const FIRST_INTERVAL_MS = ${FIRST_INTERVAL_MS};
const MAX_STACKS = 60;
/** Number of polls without an answer after which it is late. */
const LATE_POLLS = 2;

/** Number of delays of this thread that are remembered. */
const MAX_DELAYS = 100;

let beat = -1;
let beatAt = 0;
let dueAt = 0;
let isAsking = false;
/** The samples since the last missing beat. */
let sampled = newBlock(-1, 0);
/** The times in which this thread did not run, since the process was stopped or had no processor. */
const delays = [];

function newBlock(beat, until) {
  return { beat, until, samples: new Map(), unanswered: 0, silentSince: undefined };
}

function poll() {
  const now = performance.now();
  if (dueAt > 0 && now - dueAt > FIRST_INTERVAL_MS / 2) {
    delays.push({ at: now, ms: now - dueAt });
    if (delays.length > MAX_DELAYS) delays.shift();
  }
  const beatMs = Atomics.load(cells, cellNumbers.beatMs);
  const current = Atomics.load(cells, cellNumbers.beats);
  const isMissing = current === beat;
  let waitMs = beatMs;
  if (!isMissing) {
    beat = current;
    beatAt = now;
  } else if (now - beatAt >= Atomics.load(cells, cellNumbers.thresholdMs) + beatMs - ${BEAT_MS}) {
    if (sampled.beat !== beat) sampled = newBlock(beat, beatAt);
    sampled.silentSince ??= now;
    if (isAsking || !ask(sampled)) sampled.unanswered++;
    waitMs = Math.max(FIRST_INTERVAL_MS, (now - beatAt) / 50);
  }
  dueAt = now + waitMs;
  if (beatMs > ${BEAT_MS} && !isMissing) {
    // Asleep until the next beat, or until the application works again.
    Atomics.wait(cells, cellNumbers.beatMs, beatMs, waitMs);
    waitMs = 0;
  }
  setTimeout(poll, waitMs);
}

function ask(block) {
  Atomics.store(cells, cellNumbers.isAsking, 1);
  // Only now, since the main thread looks at these two the other way round.
  if (Atomics.load(cells, cellNumbers.holds) > 0) {
    endAsking();
    return false;
  }
  const session = new Session();
  try {
    session.connectToMainThread();
  } catch (error) {
    endAsking();
    throw error;
  }
  isAsking = true;
  session.post('Runtime.evaluate', { expression: STACK, returnByValue: true, silent: true }, (error, answer) => {
    if (Atomics.load(cells, cellNumbers.isInspected) === 0) session.post('Runtime.discardConsoleEntries');
    session.disconnect();
    isAsking = false;
    endAsking();
    const trace = error ? undefined : answer.result.value;
    if (typeof trace?.stack === 'string') add(block, trace);
  });
  return true;
}

function endAsking() {
  Atomics.store(cells, cellNumbers.isAsking, 0);
  Atomics.notify(cells, cellNumbers.isAsking);
}

function add(block, trace) {
  const now = performance.now();
  const isLate = block.unanswered >= LATE_POLLS;
  // A function that has not begun yet has not called native code.
  const stack = isLate && trace.isAtEntry ? trace.stack.split('\\n').slice(1).join('\\n') : trace.stack;
  const silentMs = now - (block.silentSince ?? now);
  block.unanswered = 0;
  block.silentSince = undefined;
  const key = isLate + stack;
  const sample = block.samples.get(key);
  const ms = now - block.until;
  block.until = now;
  if (sample !== undefined) {
    sample.ms += ms;
    sample.silentMs += silentMs;
  } else if (block.samples.size < MAX_STACKS) block.samples.set(key, { stack, ms, isLate, silentMs });
}

function starvedMs(durationMs) {
  const now = performance.now();
  const since = now - durationMs - 2 * FIRST_INTERVAL_MS;
  return delays.reduce((sum, { at, ms }) => (at >= since ? sum + ms : sum), Math.max(0, now - dueAt));
}

parentPort.on('message', ({ beat: missed, durationMs }) => {
  const answer = () =>
    parentPort.postMessage({
      beat: missed,
      samples: sampled.beat === missed ? [...sampled.samples.values()] : [],
      starvedMs: starvedMs(durationMs),
    });
  // An answer after native code may be on its way.
  if (isAsking) setTimeout(answer, FIRST_INTERVAL_MS);
  else answer();
});
poll();
`;
