import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import { instrumentationGuard } from '../../metrics/error-reports.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import type { Guard } from '../../primitives/guard.js';
import type { CallObserver } from '../../primitives/method-patch.js';
import { isOwnCall } from '../own-calls.js';

const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** The commands of Redis are a few hundred; what is none of them is not shown. */
const COMMAND = /^[a-z_][a-z0-9._-]{0,29}$/;
const COMMAND_BYTES = 30;
const COMMANDS_LIMIT = 300;
const OTHER = 'other';

/** Counts the commands that the application sends to Redis. */
export class RedisRecorder {
  /** Keeps errors of ours out of the calls of the application. */
  readonly guard: Guard;

  private readonly durations: Timer<'client' | 'command'>;
  private readonly errors: Counter<'client' | 'command'>;
  private readonly commands = new Set<string>();

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {
    this.guard = instrumentationGuard(registry, 'redis');
    const labelNames = ['client', 'command'] as const;
    this.durations = registry.timer(
      'redis_client_command_duration_seconds',
      'Duration of the commands that the application sent to Redis.',
      { labelNames, buckets: BUCKETS },
    );
    this.errors = registry.counter('redis_client_command_errors_total', 'Commands that failed.', {
      labelNames,
    });
  }

  /**
   * Begins to time a command, unless it is one of monitoring itself.
   *
   * @param command its name as it is sent; undefined if the call has yet to say it
   */
  begin(client: string, command?: unknown): RedisCall | undefined {
    return isOwnCall() ? undefined : new RedisCall(this, client, this.clock.monotonic(), command);
  }

  /** Records a command that has ended. */
  record(client: string, command: unknown, startedAt: number, failed: boolean): void {
    const seconds = (this.clock.monotonic() - startedAt) / 1000;
    const name = this.nameOf(command);
    this.durations.observe({ client, command: name }, seconds);
    if (failed) this.errors.inc({ client, command: name });
  }

  /** Records an error of a command that has been recorded already. */
  recordError(client: string, command: unknown): void {
    this.errors.inc({ client, command: this.nameOf(command) });
  }

  private nameOf(command: unknown): string {
    const name = textOf(command).toLowerCase();
    if (this.commands.has(name)) return name;
    if (this.commands.size >= COMMANDS_LIMIT || !COMMAND.test(name)) return OTHER;
    this.commands.add(name);
    return name;
  }
}

/** One command of one client, recorded once, however often its client tells of its end. */
export class RedisCall implements CallObserver {
  args?: readonly unknown[];
  private hasEnded = false;

  constructor(
    private readonly recorder: RedisRecorder,
    private readonly client: string,
    private readonly startedAt: number,
    private command: unknown,
  ) {}

  /** Names the command of a call that does not tell it itself; the first name counts. */
  name(command: unknown): void {
    this.command ??= command;
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

  /** Records the command; what has sent none, such as what a cache of the client has answered, is not recorded. */
  end(failed: boolean): void {
    if (this.hasEnded || this.command === undefined) return;
    this.hasEnded = true;
    this.recorder.record(this.client, this.command, this.startedAt, failed);
  }

  /** Records that the server has refused the command after all, as in the reply to `EXEC`. */
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
