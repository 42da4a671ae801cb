import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import {
  boundsFor,
  DATABASE_DURATION_BOUNDS,
  ERROR_DETAIL,
} from '../../metrics/conventions/semantic-recording.js';
import type { Counter } from '../../metrics/counter.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import type { Guard } from '../../primitives/guard.js';
import type { CallObserver } from '../../primitives/method-patch.js';
import { type OperationWait, type OperationWaits, WaitedCalls } from '../operation-waits.js';
import { isOwnCall } from '../own-calls.js';
import { REDIS_METRICS } from '../../metrics/metric-names.js';

/** Buckets in seconds, from 100 microseconds (a local server) to five seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** The format of a command name. Other names are recorded as `other`. */
const COMMAND = /^[a-z_][a-z0-9._-]{0,29}$/;
/** Length of the longest command name, in bytes. */
const COMMAND_BYTES = 30;
/** Number of commands with series of their own; Redis has a few hundred. */
const MAX_COMMANDS = 300;
/** The name of all further commands. */
const OTHER = 'other';

/** The error of a command, of which a client says only that it failed. */
const OTHER_ERROR = '_OTHER';

/** The commands that read the next keys or members of a cursor. */
const CURSORS = /^[HSZ]?SCAN$/;

/** A recorder of the commands that the application sends to Redis. */
export class RedisRecorder {
  /** The guard that keeps our errors out of the calls of the application. */
  readonly guard: Guard;

  private readonly durations: Timer<string>;
  private readonly errors: Counter<'client' | 'command'>;
  private readonly commands = new Set<string>();
  private readonly calls = new WaitedCalls('cache', 'redis', CURSORS);

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    /** The operations of the application that wait for commands; undefined if none is recorded. */
    readonly operations?: OperationWaits,
    /** Convention of the metrics; with any, failed commands have durations of their own. @default no such details */
    private readonly convention?: Convention,
  ) {
    this.guard = instrumentationGuard(registry, 'redis');
    const labelNames = ['client', 'command'] as const;
    this.durations = registry.timer<string>(REDIS_METRICS.commandDuration, 'Duration of Redis commands.', {
      labelNames: convention === undefined ? labelNames : [...labelNames, ERROR_DETAIL],
      buckets: boundsFor(convention, BUCKETS, DATABASE_DURATION_BOUNDS),
    });
    this.errors = registry.counter(REDIS_METRICS.commandErrors, 'Redis commands that failed.', {
      labelNames,
    });
  }

  /**
   * Begins to record a command; returns undefined for an own call.
   *
   * @param command name of the command; undefined if it becomes known later, by {@link RedisCall.name}
   */
  begin(client: string, command?: unknown): RedisCall | undefined {
    if (isOwnCall()) return undefined;
    const wait = command === undefined ? undefined : this.beginWait(command);
    return new RedisCall(this, client, this.clock.monotonic(), command, wait);
  }

  /**
   * Begins to record a command that is sent with others; returns undefined for an own call.
   *
   * @param wait wait that all commands of the batch share; it ends with the last of them
   */
  beginWithin(client: string, command: unknown, wait: OperationWait | undefined): RedisCall | undefined {
    return isOwnCall() ? undefined : new RedisCall(this, client, this.clock.monotonic(), command, wait);
  }

  /** Begins the wait of the current operation for a command or a batch; undefined if none is recorded. */
  beginWait(command: unknown): OperationWait | undefined {
    const { operations } = this;
    if (operations?.current === undefined || isOwnCall()) return undefined;
    return operations.begin('cache', this.calls.of(this.nameOf(command).toUpperCase()));
  }

  /** Records a command that has ended. */
  record(client: string, command: unknown, startedAt: number, failed: boolean): void {
    const seconds = (this.clock.monotonic() - startedAt) / 1000;
    const name = this.nameOf(command);
    const labels = { client, command: name };
    this.durations.observe(
      this.convention === undefined ? labels : { ...labels, [ERROR_DETAIL]: failed ? OTHER_ERROR : '' },
      seconds,
    );
    if (failed) this.errors.inc({ client, command: name });
  }

  /** Records an error of a command whose duration is already recorded. */
  recordError(client: string, command: unknown): void {
    this.errors.inc({ client, command: this.nameOf(command) });
  }

  private nameOf(command: unknown): string {
    const name = textOf(command).toLowerCase();
    if (this.commands.has(name)) return name;
    if (this.commands.size >= MAX_COMMANDS || !COMMAND.test(name)) return OTHER;
    this.commands.add(name);
    return name;
  }
}

/** A command of one client. It is recorded once, at its first end. */
export class RedisCall implements CallObserver {
  args?: readonly unknown[];
  private hasEnded = false;

  constructor(
    private readonly recorder: RedisRecorder,
    private readonly client: string,
    private readonly startedAt: number,
    private command: unknown,
    private wait: OperationWait | undefined,
  ) {}

  /** Sets the name of the command, if it is not set yet. */
  name(command: unknown): void {
    if (this.command !== undefined || command === undefined) return;
    this.command = command;
    this.wait = this.recorder.beginWait(command);
  }

  fulfilled(): void {
    this.end(false);
  }

  rejected(): void {
    this.end(true);
  }

  threw(): void {
    this.end(true);
  }

  /** Records the command. A call that has sent none, such as one answered by a client-side cache, is not recorded. */
  end(failed: boolean): void {
    if (this.hasEnded || this.command === undefined) return;
    this.hasEnded = true;
    this.wait?.end(undefined, failed);
    this.recorder.record(this.client, this.command, this.startedAt, failed);
  }

  /** Records that the server refused the command later, in the reply to `EXEC`. */
  failAfterwards(): void {
    this.recorder.recordError(this.client, this.command);
  }
}

function textOf(command: unknown): string {
  if (typeof command === 'string') return command;
  return command instanceof Uint8Array
    ? Buffer.from(
        command.buffer,
        command.byteOffset,
        Math.min(command.byteLength, COMMAND_BYTES + 1),
      ).toString()
    : OTHER;
}
