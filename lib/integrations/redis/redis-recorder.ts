import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';

const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** The commands of Redis are a few hundred; what is none of them is not shown. */
const COMMAND = /^[a-z][a-z0-9._-]{0,29}$/;
const COMMANDS_LIMIT = 300;
const OTHER = 'other';

/** Counts the commands that the application sends to Redis. */
export class RedisRecorder {
  private readonly durations: Timer<'client' | 'command'>;
  private readonly errors: Counter<'client' | 'command'>;
  private readonly commands = new Set<string>();

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {
    const labelNames = ['client', 'command'] as const;
    this.durations = registry.timer(
      'redis_client_command_duration_seconds',
      'How long commands took that the application sent to Redis.',
      { labelNames, buckets: BUCKETS },
    );
    this.errors = registry.counter('redis_client_command_errors_total', 'Commands that failed.', {
      labelNames,
    });
  }

  now(): number {
    return this.clock.monotonic();
  }

  /** @param startedAt from {@link now} */
  end(client: string, name: unknown, startedAt: number, failed: boolean): void {
    const command = this.boundedCommand(String(name).toLowerCase());
    this.durations.observe({ client, command }, (this.clock.monotonic() - startedAt) / 1000);
    if (failed) this.errors.inc({ client, command });
  }

  private boundedCommand(command: string): string {
    if (this.commands.has(command)) return command;
    if (this.commands.size >= COMMANDS_LIMIT || !COMMAND.test(command)) return OTHER;
    this.commands.add(command);
    return command;
  }
}
