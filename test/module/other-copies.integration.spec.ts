import { describe, expect, it } from '@jest/globals';
import {
  Inject,
  Injectable,
  type LoggerService,
  Module,
  Optional,
  type Provider,
  type Type,
} from '@nestjs/common';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { ADAPTERS, createApp } from '../e2e/fixture/start-app.js';

/** Classes of this library as another copy of it has them. */
const BRAND = Symbol.for('nestjs-monitoring');
class OtherRegistry {
  static readonly [BRAND] = Symbol('other copy');
}
class OtherModule {
  static readonly [BRAND] = OtherRegistry[BRAND];
}
class OtherCoreModule {}
const OF_REGISTRY = { provide: 'OTHER_EXPORTER', inject: [OtherRegistry], useFactory: () => 'exporter' };
Module({ providers: [OtherRegistry, OF_REGISTRY] })(OtherCoreModule);
Module({ imports: [OtherCoreModule] })(OtherModule);

function injecting(token: unknown): Type {
  class MailService {
    constructor(readonly registry: unknown) {}
  }
  Injectable()(MailService);
  Optional()(MailService, undefined, 0);
  Inject(token as Type)(MailService, undefined, 0);
  return MailService;
}

describe.each(ADAPTERS)('a start on %s', (adapter) => {
  async function warningsOf(imports: Type[], providers: Provider[]): Promise<string[]> {
    const warnings: string[] = [];
    const logger: LoggerService = { log() {}, error() {}, warn: (text: string) => void warnings.push(text) };
    class LibraryModule {}
    Module({ imports, providers })(LibraryModule);
    class RootModule {}
    Module({ imports: [MonitoringModule.forRoot(), LibraryModule] })(RootModule);
    const app = await createApp(adapter, { module: RootModule }, { logger });
    try {
      await app.init();
    } finally {
      await app.close();
    }
    return warnings.filter((text) => text.includes('another copy of nestjs-monitoring'));
  }

  it('warns of a provider that injects the registry of another copy, which is silently not there', async () => {
    expect(await warningsOf([], [injecting(OtherRegistry)])).toEqual([
      expect.stringMatching(
        /^MailService uses another copy of nestjs-monitoring, .+ see docs\/libraries\.md/,
      ),
    ]);
  });

  it('warns of a property and of a factory, too', async () => {
    class Mailer {
      registry: unknown;
    }
    Inject(OtherRegistry)(Mailer.prototype, 'registry');
    Optional()(Mailer.prototype, 'registry');
    const factory = {
      provide: 'MAIL',
      inject: [{ token: OtherRegistry, optional: true }],
      useFactory: () => 'mail',
    };
    expect(await warningsOf([], [Mailer, factory])).toEqual([
      expect.stringMatching(/^Mailer, MAIL use another copy of nestjs-monitoring, /),
    ]);
  });

  it('warns of a module that imports the module of another copy, and of nothing in it', async () => {
    expect(await warningsOf([OtherModule], [])).toEqual([
      expect.stringMatching(/^LibraryModule uses another copy/),
    ]);
  });

  it('does not warn of what uses this copy, or a class of the same name', async () => {
    class Mine {}
    Object.defineProperty(Mine, 'name', { value: 'MetricsRegistry' });
    expect(await warningsOf([MonitoringModule], [injecting(MetricsRegistry), injecting(Mine)])).toEqual([]);
  });
});
