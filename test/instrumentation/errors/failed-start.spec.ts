import { Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule } from 'nestjs-monitoring';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const EVENTS = [
  'uncaughtExceptionMonitor',
  'unhandledRejection',
  'warning',
  'newListener',
  'removeListener',
  'SIGTERM',
];

const counts = () => EVENTS.map((event) => process.listenerCount(event));

const fail = (): never => {
  throw new Error('The database is not there.');
};

const FAILURES: readonly (readonly [title: string, provider: Provider])[] = [
  ['a factory that throws', { provide: 'DATABASE', useFactory: fail }],
  ['a factory that rejects', { provide: 'DATABASE', useFactory: () => Promise.reject(new Error('No.')) }],
  ['a hook that throws', { provide: 'DATABASE', useValue: { onModuleInit: fail } }],
  [
    'a hook that rejects',
    { provide: 'DATABASE', useValue: { onModuleInit: () => Promise.reject(new Error('No.')) } },
  ],
  ['a dependency that is not there', { provide: 'DATABASE', inject: ['NOWHERE'], useFactory: () => 1 }],
];

describe('applications that fail at start', () => {
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.name);

  beforeEach(() => {
    warnings.length = 0;
    process.on('warning', warned);
  });
  afterEach(() => void process.off('warning', warned));

  it.each(FAILURES)('leave no listener of the process behind: %s', async (_title, provider) => {
    const before = counts();
    for (let start = 0; start < 15; start++) {
      class AppModule {}
      Module({ imports: [MonitoringModule.forRoot()], providers: [provider] })(AppModule);
      const starting = NestFactory.create(AppModule, { logger: false, abortOnError: false }).then((app) =>
        app.init(),
      );
      await expect(starting).rejects.toThrow();
    }
    expect(counts()).toEqual(before);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).not.toContain('MaxListenersExceededWarning');
  });
});
