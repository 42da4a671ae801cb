import { debuglog } from 'node:util';
import { yieldToEventLoop } from '../primitives/yield-to-event-loop.js';
import { messageOf } from '../primitives/error-message.js';
import { LIFECYCLE } from './lifecycle.js';
import type { LifecycleOutcome, LifecycleStep, Moment } from './lifecycle-step.js';

/** A log of each step, printed with `NODE_DEBUG=nestjs-monitoring`. */
const debug = debuglog('nestjs-monitoring');

/** A runner of the steps of `lifecycle.ts`, in their order, without those of parts that are off. */
export class StepRunner implements LifecycleOutcome {
  private readonly ended = new Map<Moment, Promise<void>>();

  /** @param parts the parts by their injection token; null for a part that is off */
  constructor(
    private readonly parts: ReadonlyMap<unknown, unknown>,
    private readonly logger: { warn(message: string): void },
    private readonly steps: readonly LifecycleStep[] = LIFECYCLE,
    private readonly times?: { ran(moment: Moment, from: number, to: number): void },
  ) {}

  /**
   * Runs the steps of a moment of the start, one after the other. If one fails, so does the start of the application, and
   * the steps of the end run.
   *
   * @throws the error of the first step that fails
   */
  async start(moment: Moment): Promise<void> {
    const from = performance.now();
    try {
      for (const step of this.stepsAt(moment)) {
        const running = this.run(step);
        // Steps that end at once share their turn, and so one scan of the objects of the application.
        if (running !== undefined) await running;
      }
    } catch (error) {
      this.abort();
      throw error;
    }
    this.times?.ran(moment, from, performance.now());
  }

  /**
   * Runs the steps of a moment of the end, once. A step begins as soon as the earlier steps of the same moment that its
   * `after` names have ended. A step that fails is logged, and the others still run.
   */
  end(moment: Moment): Promise<void> {
    const ended = this.ended.get(moment) ?? this.endOnce(moment);
    this.ended.set(moment, ended);
    return ended;
  }

  /** Runs the steps of the moment `serving`. */
  serve(): void {
    void this.serveInSlices();
  }

  /** Runs the steps of the end after a failed start, for which Nest calls no further hook. */
  abort(): void {
    for (const moment of ['disconnecting', 'closed', 'shutdown'] as const) void this.end(moment);
  }

  /** Runs each step in a turn of the event loop of its own, unless the application ends first. A step that fails is logged. */
  private async serveInSlices(): Promise<void> {
    for (const step of this.stepsAt('serving')) {
      await yieldToEventLoop();
      if (this.ended.size > 0) return;
      await this.attempt(step, 'when the application had started');
    }
  }

  private async endOnce(moment: Moment): Promise<void> {
    const done = new Map<string, Promise<void>>();
    const end = (step: LifecycleStep) => this.attempt(step, 'at the end of the application');
    for (const step of this.stepsAt(moment)) {
      const before = step.after.flatMap((name) => done.get(name) ?? []);
      done.set(step.name, before.length === 0 ? end(step) : Promise.all(before).then(() => end(step)));
    }
    await Promise.all(done.values());
  }

  private async attempt(step: LifecycleStep, when: string): Promise<void> {
    try {
      await this.run(step);
    } catch (error) {
      this.logger.warn(`"${step.name}" failed ${when}: ${messageOf(error)}`);
    }
  }

  private run(step: LifecycleStep): void | Promise<void> {
    debug('%s: %s', step.moment, step.name);
    return step.run(this.parts.get(step.part), this);
  }

  private stepsAt(moment: Moment): LifecycleStep[] {
    return this.steps.filter(
      (step) => step.moment === moment && (this.parts.get(step.part) ?? null) !== null,
    );
  }
}
