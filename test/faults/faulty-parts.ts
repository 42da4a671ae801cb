import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Injectable } from '@nestjs/common';
import {
  type Alert,
  AlertHandler,
  HealthCheckProvider,
  MetricsCollector,
  type MetricsRegistry,
} from 'nestjs-monitoring';

// Whatever an application may give to the library, as wrong as it can be, and one of each that is right.

const NEVER = new Promise<never>(() => undefined);

@Injectable()
@MetricsCollector({ name: 'throwing' })
class ThrowingCollector {
  collect(): never {
    throw new Error('no connection');
  }
}

@Injectable()
@MetricsCollector({ name: 'rejecting' })
class RejectingCollector {
  async collect(): Promise<void> {
    await sleep(1);
    throw new Error('no connection');
  }
}

@Injectable()
@MetricsCollector({ name: 'hanging', timeoutMs: 100 })
class HangingCollector {
  collect(): Promise<never> {
    return NEVER;
  }
}

/** Says what no metric takes, under names that are none, with labels that nobody knows. */
@Injectable()
@MetricsCollector({ name: 'nonsense' })
class NonsenseCollector {
  collect(registry: MetricsRegistry): void {
    const gauge = registry.gauge('nonsense_value', 'Nonsense.', { labelNames: ['kind'] });
    gauge.set({ kind: 'nan' }, NaN);
    gauge.set({ kind: 'text' }, 'many' as unknown as number);
    gauge.set({ __proto__: null, constructor: 'x' } as never, 1);
    gauge.set(null as never, 1);
    return Symbol('nonsense') as never;
  }
}

/** Has a new label value each time it is asked, for ever. */
@Injectable()
@MetricsCollector({ name: 'leaking' })
class LeakingCollector {
  private asked = 0;

  collect(registry: MetricsRegistry): void {
    const gauge = registry.gauge('leaking_value', 'A leak.', { labelNames: ['id'], seriesLimit: 50 });
    for (let i = 0; i < 40; i++) gauge.set({ id: `${this.asked}/${i}` }, 1);
    this.asked++;
  }
}

@Injectable()
@MetricsCollector({ name: 'sound' })
class SoundCollector {
  private asked = 0;

  collect(registry: MetricsRegistry): void {
    registry.gauge('sound_value', 'Sound.').set(++this.asked);
  }
}

@Injectable()
@HealthCheckProvider({ name: 'throwing', critical: false })
class ThrowingCheck {
  check(): never {
    throw new Error('out of order');
  }
}

@Injectable()
@HealthCheckProvider({ name: 'hanging', critical: false, timeoutMs: 100 })
class HangingCheck {
  check(): Promise<never> {
    return NEVER;
  }
}

@Injectable()
@HealthCheckProvider({ name: 'nonsense', critical: false })
class NonsenseCheck {
  check(): never {
    return Object.create(null, {
      status: {
        get: () => {
          throw new Error('no status');
        },
      },
    }) as never;
  }
}

@Injectable()
@HealthCheckProvider({ name: 'sound' })
class SoundCheck {
  check(): { status: 'healthy' } {
    return { status: 'healthy' };
  }
}

@Injectable()
@AlertHandler({ name: 'throwing' })
class ThrowingHandler {
  handle(): never {
    throw new Error('no postman');
  }
}

@Injectable()
@AlertHandler({ name: 'hanging', timeoutMs: 100 })
class HangingHandler {
  handle(): Promise<never> {
    return NEVER;
  }
}

/** Keeps what it is told. */
@Injectable()
@AlertHandler({ name: 'sound' })
export class SoundHandler {
  readonly told: string[] = [];

  handle({ rule, state }: Alert): void {
    this.told.push(`${rule} ${state}`);
  }
}

export const FAULTY_PARTS = [
  ThrowingCollector,
  RejectingCollector,
  HangingCollector,
  NonsenseCollector,
  LeakingCollector,
  SoundCollector,
  ThrowingCheck,
  HangingCheck,
  NonsenseCheck,
  SoundCheck,
  ThrowingHandler,
  HangingHandler,
  SoundHandler,
];

@Controller()
export class WorkController {
  @Get('work')
  work(): string {
    return 'done';
  }

  /** Holds the event loop for a second, as a regular expression or a sort may. */
  @Get('stall')
  stall(): string {
    const until = performance.now() + 1_000;
    while (performance.now() < until);
    return 'done at last';
  }
}
