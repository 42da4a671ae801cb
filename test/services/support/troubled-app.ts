import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  ServiceUnavailableException,
} from '@nestjs/common';
import { Interval, ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { HealthCheckProvider, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import type { Queue } from 'bullmq';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { freePort } from './free-port.js';

const QUEUE = 'imports';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

@Entity()
class Deal {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) title!: string;
}

@Controller()
class TroubledController {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @InjectQueue(QUEUE) private readonly queue: Queue,
  ) {}

  /** Asks for one thing after the other, and violates a constraint. */
  @Get('deals/:id')
  async one(@Param('id') id: string): Promise<string> {
    const deals = this.dataSource.getRepository(Deal);
    for (let i = 1; i <= 12; i++) await deals.findOneBy({ id: i });
    await deals.insert({ title: 'first' }).catch(() => undefined);
    return id;
  }

  @Get('broken')
  broken(): never {
    throw new ServiceUnavailableException('unavailable');
  }

  @Get('remote/:port')
  async remote(@Param('port') port: string): Promise<void> {
    await fetch(`http://127.0.0.1:${port}/deals/1`);
    await fetch(`http://127.0.0.1:${port}/broken`);
    // Nobody listens there.
    await fetch(`http://127.0.0.1:${await freePort()}/`).catch(() => undefined);
  }

  /** Adds a job that fails twice. */
  @Get('job')
  async job(): Promise<void> {
    await this.queue.add('import', {}, { attempts: 2, removeOnFail: 10 });
  }

  @Get('busy')
  busy(): void {
    const until = performance.now() + 250;
    while (performance.now() < until);
  }
}

@Processor(QUEUE)
class TroubledProcessor extends WorkerHost {
  process(): never {
    throw new TypeError('no import');
  }
}

@Injectable()
class TroubledJobs {
  private runs = 0;

  @Interval('import', 700)
  fail(): never {
    // Enough of them for a rate.
    if (++this.runs % 10 === 5) process.emitWarning('The import is old.', { code: 'IMPORT' });
    throw new RangeError('no import');
  }
}

@HealthCheckProvider({ name: 'payments', critical: false })
class PaymentsCheck {
  check(): { readonly status: 'degraded' } {
    return { status: 'degraded' };
  }
}

const OPTIONS: MonitoringOptions = {
  exemplars: () => ({ trace_id: TRACE }),
  http: { slowRequestThresholdMs: 100 },
  collectors: { build: { name: 'troubled', version: '2.0.0' } },
  alerting: {
    intervalMs: 1_000,
    rules: [
      {
        name: 'always',
        severity: 'warning',
        condition: { metric: 'process_start_time_seconds', operator: '>', threshold: 0 },
      },
    ],
  },
};

/** An application in which whatever may go wrong does. */
export class TroubledApp {
  /** The trace of every exemplar. */
  readonly trace = TRACE;

  private constructor(readonly running: RunningApp) {}

  static async start(redisUrl: string): Promise<TroubledApp> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'sqljs', synchronize: true, entities: [Deal] }),
        ScheduleModule.forRoot(),
        BullModule.forRoot({ connection: { url: redisUrl } }),
        BullModule.registerQueue({ name: QUEUE }),
        MonitoringModule.forRoot(OPTIONS),
      ],
      controllers: [TroubledController],
      providers: [TroubledJobs, TroubledProcessor, PaymentsCheck],
    })
    class AppModule {}

    return new TroubledApp(await startApp('express', AppModule));
  }

  get url(): string {
    return `http://127.0.0.1:${this.running.port}`;
  }

  /** Lets each of its troubles happen, again and again, until a signal is aborted. */
  async trouble(signal: AbortSignal): Promise<void> {
    const paths = ['/deals/1', '/broken', `/remote/${this.running.port}`, '/job', '/busy', '/nowhere'];
    // A major garbage collection, which may not come by itself in so short a time.
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    while (!signal.aborted) {
      for (const path of paths) await this.running.get(path);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  close(): Promise<void> {
    return this.running.close();
  }
}
