import { type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type AlertingOptions, MonitoringModule } from 'nestjs-monitoring';
import { eventually } from '../support/eventually.js';
import { type ApplicationKind, checkCodeBlocks } from './code-block-checker.js';
import { type CodeBlock, codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';
import { runExamples } from './examples.js';

const MISTAKE: CodeBlock = {
  place: 'a mistake',
  code: `registry.counter('orders_total', 'Orders.', { labelName: ['channel'] });\n`,
};

/** The code of the sample application is compiled where it is; its page shows parts of several files. */
const WITH_CODE = DOCUMENTS.filter((document) => document !== 'sample-app/README.md');

const blocks = WITH_CODE.flatMap((document) => codeBlocksOf(document));
const files = blocks.filter(({ path }) => path !== undefined);
/** Blocks of CONTRIBUTING.md are about this repository, which consists of ES modules. */
const ofApplications = blocks.filter(({ place }) => !place.startsWith('CONTRIBUTING.md'));

describe.each<[ApplicationKind, CodeBlock[]]>([
  ['ES modules, strict', blocks],
  ['CommonJS', ofApplications],
])('the code in the documents, in an application of %s', (kind, ofKind) => {
  const complaints = checkCodeBlocks([...ofKind, MISTAKE], kind);

  it.each(ofKind)('compiles: $place', ({ place }) => {
    expect(complaints.get(place)).toEqual([]);
  });

  it('would be complained of if it did not', () => {
    expect(complaints.get(MISTAKE.place)).toEqual([
      expect.stringMatching(/^line 1 .*'labelName' does not exist/s),
    ]);
  });
});

describe('the files in CONTRIBUTING.md', () => {
  it('are in pairs with their tests', () => {
    const paths = files.filter(({ place }) => place.startsWith('CONTRIBUTING.md')).map(({ path }) => path);
    expect(paths).toEqual([
      'lib/collectors/uptime.collector.ts',
      'test/collectors/uptime.collector.spec.ts',
      'lib/exporters/influx/influx.destination.ts',
      'test/exporters/influx/influx.destination.spec.ts',
    ]);
  });
});

const fileOf = await runExamples(files);

const closing: (() => Promise<void>)[] = [];

/** Starts an application, and uses it if it should be. @returns its address */
async function start(module: Type, use?: (app: INestApplication) => void): Promise<string> {
  const app = await NestFactory.create(module, { logger: false });
  closing.push(() => app.close());
  await app.listen(0, '127.0.0.1');
  use?.(app);
  return app.getUrl();
}

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

describe('the application in the README', () => {
  const folder = 'test/documents/applications/README/src';

  it('has a metric of its own in the first scrape', async () => {
    const { AppModule } = await fileOf<{ AppModule: Type }>(`${folder}/app.module.ts`);
    const { OrdersModule } = await fileOf<{ OrdersModule: Type }>(`${folder}/orders.module.ts`);

    @Module({ imports: [AppModule, OrdersModule] })
    class ShopModule {}

    const url = await start(ShopModule);
    await fetch(`${url}/orders/web`, { method: 'POST' });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('orders_placed_total{channel="web"} 1\n');
  });

  it('has an alert that fires', async () => {
    const { OrdersModule } = await fileOf<{ OrdersModule: Type }>(`${folder}/orders.module.ts`);
    const { alerting } = await fileOf<{ alerting: AlertingOptions }>(`${folder}/alerts.ts`);
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);

    @Module({
      imports: [MonitoringModule.forRoot({ alerting: { ...alerting, intervalMs: 500 } }), OrdersModule],
    })
    class AlertingModule {}

    const url = await start(AlertingModule);
    for (let order = 0; order < 3; order++) await fetch(`${url}/orders/web`, { method: 'POST' });
    await eventually(
      () => expect(log).toHaveBeenCalledWith('firing', '3 orders in five minutes (limit 2)'),
      30_000,
    );
    log.mockRestore();
  });
});

describe('the application in docs/getting-started.md', () => {
  it('starts', async () => {
    const folder = 'test/documents/applications/getting-started/src';
    const { AppModule } = await fileOf<{ AppModule: Type }>(`${folder}/app.module.ts`);
    expect((await fetch(`${await start(AppModule)}/ready`)).status).toBe(200);
  });
});

describe('the application in docs/libraries.md', () => {
  it('has the metric of the library in the first scrape', async () => {
    const folder = 'test/documents/applications/libraries/src';
    const { AppModule } = await fileOf<{ AppModule: Type }>(`${folder}/app.module.ts`);
    const { MailService } = await fileOf<{ MailService: Type<{ send(template: string): void }> }>(
      `${folder}/mail.module.ts`,
    );
    const url = await start(AppModule, (app) => app.get(MailService, { strict: false }).send('welcome'));
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('mail_sent_total{template="welcome"} 1\n');
  });
});
