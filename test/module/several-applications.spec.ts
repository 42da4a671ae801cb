import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';

/** The number of listeners for each event of the process that has any. */
function listeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}

describe('several applications in one process', () => {
  const running: INestApplicationContext[] = [];

  async function start(): Promise<void> {
    class Application {}
    const module = { module: Application, imports: [MonitoringModule.forRoot()] };
    running.push(await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false }));
  }

  afterEach(async () => {
    for (const application of running.splice(0)) await application.close();
  });

  it('have the listeners of one, so that Node warns of no leak, and leave none', async () => {
    const before = listeners();
    await start();
    const ofOne = listeners();
    expect(ofOne).not.toEqual(before);
    await start();
    await start();
    expect(listeners()).toEqual(ofOne);
    for (const application of running.splice(0)) await application.close();
    expect(listeners()).toEqual(before);
  });
});
