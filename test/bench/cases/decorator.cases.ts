import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule, MonitorPerformance } from 'nestjs-monitoring';
import type { Goal } from '../goal.js';
import { type Measured, measureLoops, summary } from '../measure.js';
import type { Loop } from '../peers/peer.js';
import type { Case, Effort } from './case.js';

/** What a call costs: in a class of its own for each way, so that none is compiled for the others too. */
class Plain {
  private sum = 0;
  add(value: number): number {
    return (this.sum += value);
  }
  async addLater(value: number): Promise<number> {
    return this.add(value);
  }
}

class Decorated {
  private sum = 0;
  @MonitorPerformance({ name: 'add', labels: { queue: 'high' } })
  add(value: number): number {
    return (this.sum += value);
  }
  @MonitorPerformance({ name: 'add_later', labels: { queue: 'high' } })
  async addLater(value: number): Promise<number> {
    return (this.sum += value);
  }
}

class Sampled {
  private sum = 0;
  @MonitorPerformance({ name: 'add_sampled', sampleRate: 0.01 })
  add(value: number): number {
    return (this.sum += value);
  }
}

/** No application knows it when it is called for the first time, nor later. */
class Unmonitored {
  private sum = 0;
  @MonitorPerformance({ name: 'add_unmonitored' })
  add(value: number): number {
    return (this.sum += value);
  }
}

@Module({
  imports: [MonitoringModule.forRoot({ collectors: { runtime: false, system: false } })],
  providers: [Decorated, Sampled],
})
class BenchModule {}

const PLAIN = 'plain call';
const GOAL: Goal = { kind: 'difference', peer: PLAIN, atMost: 100 };

function calls(subject: { add(value: number): number }): Loop {
  return (times) => {
    for (let i = 0; i < times; i++) subject.add(i);
  };
}

const syncCase: Case = {
  name: 'decorator-sync',
  async run(_peers, effort) {
    // Measured before there is an application.
    const unmonitored = measureLoops(
      { [PLAIN]: calls(new Plain()), 'nestjs-monitoring': calls(new Unmonitored()) },
      effort,
    );
    const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
    const decorated = measureLoops(
      { [PLAIN]: calls(new Plain()), 'nestjs-monitoring': calls(app.get(Decorated)) },
      effort,
    );
    const sampled = measureLoops(
      { [PLAIN]: calls(new Plain()), 'nestjs-monitoring': calls(app.get(Sampled)) },
      effort,
    );
    await app.close();
    return [
      { title: 'decorated method, without the module', unit: 'ns', results: unmonitored },
      { title: 'decorated method', unit: 'ns', results: decorated, goal: GOAL },
      { title: 'decorated method, 1 % of the calls timed', unit: 'ns', results: sampled },
    ];
  },
};

const asyncCase: Case = {
  name: 'decorator-async',
  async run(_peers, effort) {
    const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
    const results = await measureAwaited(
      { [PLAIN]: new Plain(), 'nestjs-monitoring': app.get(Decorated) },
      effort,
    );
    await app.close();
    return [{ title: 'decorated async method, awaited', unit: 'ns', results, goal: GOAL }];
  },
};

/** Nanoseconds per awaited call; the subjects take turns. */
async function measureAwaited(
  subjects: Readonly<Record<string, { addLater(value: number): Promise<number> }>>,
  { rounds, roundMs }: Effort,
): Promise<Record<string, Measured>> {
  const times = Math.max(1_000, roundMs * 2_000);
  const values = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      const startedAt = performance.now();
      for (let i = 0; i < times; i++) await subject.addLater(i);
      const nanoseconds = ((performance.now() - startedAt) / times) * 1e6;
      // The first round warms up.
      if (round >= 0) values.get(name)?.push(nanoseconds);
    }
  }
  return Object.fromEntries([...values].map(([name, measured]) => [name, summary(measured)]));
}

export const decoratorCases: readonly Case[] = [syncCase, asyncCase];
