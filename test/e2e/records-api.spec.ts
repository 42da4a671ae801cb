import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Controller, Get, Logger, Module, Param } from '@nestjs/common';
import { ActiveTrace, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { type ErrorRecord, type RequestRecord, RequestRecords } from 'nestjs-monitoring/diagnostics';
import { restoreEnv, stubEnv } from '../support/environment.js';
import { WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, type AdapterName, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const API = '/metrics-dashboard/api';

class Unlucky extends Error {}

@Controller('orders')
class OrdersController {
  @Get('fine')
  fine(): string {
    return 'fine';
  }

  @Get('logged')
  async logged(): Promise<string> {
    await Promise.resolve();
    new Logger('Orders').log('in the request');
    return 'logged';
  }

  @Get('broken')
  broken(): never {
    throw new TypeError('no total');
  }

  @Get(':id')
  find(@Param('id') id: string): never {
    throw new Unlucky(`order '${id}' of ada@example.com has no owner`);
  }
}

function start(adapter: AdapterName, options: MonitoringOptions = {}): Promise<RunningApp> {
  @Module({
    imports: [
      MonitoringModule.forRoot({
        ...WITHOUT_COLLECTORS,
        requests: { records: { sampleRate: 1 } },
        collectors: { ...WITHOUT_COLLECTORS.collectors, build: { version: '3.2.1' } },
        ...options,
      }),
    ],
    controllers: [OrdersController],
  })
  class AppModule {}
  return startApp(adapter, AppModule);
}

describe.each(ADAPTERS)('the records in the API of the dashboard on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start(adapter);
    for (const path of ['order-x7q?secret=hunter', 'order-y8r', 'broken', 'fine']) {
      await app.get(`/orders/${path}`, { headers: { authorization: 'Bearer hunter' } });
    }
    await app.recorded(4);
  });
  afterAll(() => app.close());

  async function read<T>(path: string): Promise<T> {
    const { status, body } = await app.get(`${API}/${path}`);
    expect(`${path} ${status}`).toBe(`${path} 200`);
    return JSON.parse(body) as T;
  }

  async function errorsOf(query: string): Promise<ErrorRecord[]> {
    return (await read<{ errors: ErrorRecord[] }>(`errors${query}`)).errors;
  }

  it('have the groups of errors with class, place, folded message, stack, times, version, routes and trend', async () => {
    const { errors, dropped } = await read<{ errors: ErrorRecord[]; dropped: number }>('errors');
    expect(dropped).toBe(0);
    // Warnings of the process are groups, too.
    const groups = errors.filter(({ operations }) => operations[0]?.source === 'http');
    expect(groups.map(({ error, count }) => `${error} ${count}`)).toEqual(['TypeError 1', 'Unlucky 2']);
    const [, group] = groups;
    expect(group).toMatchObject({
      message: 'order ? of ? has no owner',
      version: '3.2.1',
      unhandled: 0,
      operations: [{ source: 'http', name: 'GET /orders/:id', count: 2 }],
    });
    expect(group?.site).toMatch(/^OrdersController\.find \(test\/e2e\/records-api\.spec\.ts:\d+:\d+\)$/);
    expect(group?.stack[0]).toBe(group?.site);
    expect(group?.perMinute).toHaveLength(60);
    expect(group?.perMinute.reduce((a, b) => a + b)).toBe(2);
    expect(group!.lastSeenAt).toBeGreaterThanOrEqual(group!.firstSeenAt);
  });

  it('have one group by its ID, whose last record is there, too', async () => {
    const [group] = await errorsOf('?error=Unlucky');
    expect(await read<ErrorRecord>(`error?id=${group?.id}`)).toEqual(group);
    const record = await read<RequestRecord>(`record?id=${group?.lastRecordId}`);
    expect(record).toMatchObject({ name: 'GET /orders/:id', exception: { error: 'Unlucky' } });
  });

  it('can be selected by class, operation and number', async () => {
    const classes = async (query: string): Promise<string[]> =>
      (await errorsOf(query)).map(({ error }) => error);
    expect(await classes('?error=TypeError')).toEqual(['TypeError']);
    expect(await classes('?operation=GET%20/orders/:id')).toEqual(['Unlucky']);
    expect(await classes('?error=TypeError&operation=GET%20/orders/:id')).toEqual([]);
    expect(await classes('?limit=1')).toEqual(['TypeError']);
  });

  it('have no value of a request', async () => {
    for (const path of ['errors', 'records?list=failures', 'records?list=samples', 'causes']) {
      const { body } = await app.get(`${API}/${path}`);
      expect(body).not.toMatch(/order-x7q|order-y8r|hunter|example\.com/);
    }
  });

  it.each(['errors?limit=', 'errors?limit=0', 'errors?limit=-1', 'errors?limit=201', 'errors?limit=1.5'])(
    'refuse %s',
    async (path) => {
      expect(await app.get(`${API}/${path}`)).toMatchObject({
        status: 400,
        body: expect.stringContaining('`limit` must be a whole number from 1 to 200.'),
      });
    },
  );

  it.each([
    'errors?limit=NaN',
    'errors?limit=Infinity',
    'errors?limit=1e9',
    'errors?limit[]=1&limit=x',
    `errors?limit=${'9'.repeat(2_000)}`,
    'records?list=__proto__',
    'records?list[]=failures&limit=0',
  ])('refuse hostile %.40s', async (path) => {
    expect((await app.get(`${API}/${path}`)).status).toBe(400);
  });

  it.each([
    'error',
    'error?id=',
    'error?id=__proto__',
    'error?id=constructor&id=x',
    'error?id=../../etc/passwd',
    `error?id=${'a'.repeat(4_000)}`,
    'error?id=%00%0d%0aset-cookie:%20a=b',
    'record?id=toString',
  ])('find nothing for %.40s', async (path) => {
    const { status, headers, body } = await app.get(`${API}/${path}`);
    expect(status).toBe(404);
    expect(headers['set-cookie']).toBeUndefined();
    expect(body).toContain('no longer kept');
  });

  it.each([
    'errors?error=__proto__',
    'errors?operation=constructor',
    'errors?error=%ff%fe',
    'errors?error=<script>alert(1)</script>',
    `errors?error=${'x'.repeat(4_000)}`,
  ])('have no group for %.40s', async (path) => {
    const { status, body } = await app.get(`${API}/${path}`);
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 200,
      body: expect.objectContaining({ errors: [], dropped: 0, count: 0, omitted: 0 }),
    });
  });
});

describe.each(ADAPTERS)('the records of the API on %s', (adapter) => {
  const PATHS = ['causes', 'records', 'record?id=x', 'errors', 'error?id=x', 'blocks', 'diagnostics/memory'];
  afterEach(restoreEnv);

  async function statuses(options: MonitoringOptions, authorization?: string): Promise<number[]> {
    const app = await start(adapter, options);
    try {
      const headers = authorization === undefined ? {} : { authorization };
      const found: number[] = [];
      for (const path of PATHS) found.push((await app.get(`${API}/${path}`, { headers })).status);
      return found;
    } finally {
      await app.close();
    }
  }

  it('are not there in production without credentials', async () => {
    stubEnv('NODE_ENV', 'production');
    expect(await statuses({})).toEqual([404, 404, 404, 404, 404, 404, 404]);
  });

  it('require the credentials that are configured', async () => {
    const endpoints = { auth: { bearerToken: 'T0ken' } };
    expect(await statuses({ endpoints })).toEqual([401, 401, 401, 401, 401, 401, 401]);
    expect(await statuses({ endpoints }, 'Bearer T0ken')).toEqual([200, 200, 404, 200, 404, 200, 200]);
  });

  it('are empty without records', async () => {
    expect(await statuses({ requests: false, errors: false })).toEqual([200, 200, 404, 200, 404, 200, 200]);
  });
});

describe.each(ADAPTERS)('the exemplars of HTTP metrics on %s', (adapter) => {
  const TRACE = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };

  /** Lets a request fail. @returns the exemplars of its metrics */
  async function exemplarsWith(
    options: MonitoringOptions,
    use?: (app: RunningApp, id: string) => Promise<void>,
  ) {
    const app = await start(adapter, options);
    try {
      await app.get('/orders/broken');
      return await eventually(async () => {
        await app.recorded();
        const { body } = await app.get('/metrics', {
          headers: { accept: 'application/openmetrics-text; version=1.0.0' },
        });
        const lines = body.split('\n').filter((line) => line.includes('route="/orders/broken"'));
        const counted = lines.find((line) => line.startsWith('http_requests_total'));
        expect(counted).toBeDefined();
        const timed = lines.filter(
          (line) => line.startsWith('http_request_duration_seconds_bucket') && line.includes(' # '),
        );
        const labels = [counted!, ...timed].map((line) => / # \{(.*)\}/.exec(line)?.[1]);
        const id = /record_id="(\w+)"/.exec(labels[0] ?? '')?.[1];
        if (id !== undefined) await use?.(app, id);
        return labels;
      });
    } finally {
      await app.close();
    }
  }

  it('name the record without a trace, and the API has it', async () => {
    const labels = await exemplarsWith({}, async (app, id) => {
      const { status, body } = await app.get(`${API}/record?id=${id}`);
      expect({ status, record: JSON.parse(body) as unknown }).toMatchObject({
        status: 200,
        record: { id, name: 'GET /orders/broken', exception: { error: 'TypeError' } },
      });
    });
    expect(labels).toEqual([
      expect.stringMatching(/^record_id="\w{10,30}"$/),
      expect.stringMatching(/^record_id="\w{10,30}"$/),
    ]);
  });

  it('name the record and the trace', async () => {
    const [counted, timed] = await exemplarsWith({ exemplars: () => TRACE });
    expect(counted).toMatch(/^record_id="\w+",trace_id="a{32}",span_id="b{16}"$/);
    expect(timed).toBe(counted);
  });

  it('leave the record out where it does not fit beside the labels of the application', async () => {
    const note = 'n'.repeat(115);
    expect((await exemplarsWith({ exemplars: () => ({ note }) }))[0]).toBe(`note="${note}"`);
  });

  it('leave a record_id of the application as it is', async () => {
    expect((await exemplarsWith({ exemplars: () => ({ record_id: 'own' }) }))[0]).toBe('record_id="own"');
  });

  it('name the record if the source of exemplars throws', async () => {
    const labels = await exemplarsWith({
      exemplars: () => {
        throw new Error('no trace');
      },
    });
    expect(labels[0]).toMatch(/^record_id="\w+"$/);
  });

  it.each<[string, MonitoringOptions]>([
    ['exemplars are off', { exemplars: false }],
    ['there are no records', { requests: { records: false } }],
  ])('are absent if %s', async (_, options) => {
    expect(await exemplarsWith(options)).toEqual([undefined]);
  });
});

describe.each(ADAPTERS)('a logger on %s', (adapter) => {
  /** The logger of the documents, which keeps its lines. */
  class RecordLogger extends ConsoleLogger {
    readonly lines: Record<string, unknown>[] = [];

    constructor(
      private readonly records: RequestRecords,
      private readonly trace: ActiveTrace,
    ) {
      super({ json: true });
    }

    protected override printAsJson(...args: Parameters<ConsoleLogger['printAsJson']>): void {
      this.lines.push({ ...this.getJsonLogObject(...args) });
    }

    protected override getJsonLogObject(...args: Parameters<ConsoleLogger['getJsonLogObject']>) {
      const { currentId } = this.records;
      return {
        ...super.getJsonLogObject(...args),
        ...(currentId !== undefined && { record_id: currentId }),
        ...this.trace.current(),
      };
    }
  }

  it('has the ID of the record in the lines of a request, and in no others', async () => {
    const app = await start(adapter);
    try {
      const records = app.app.get(RequestRecords);
      const logger = new RecordLogger(records, app.app.get(ActiveTrace));
      app.app.useLogger(logger);
      await app.get('/orders/logged');
      await app.recorded();
      new Logger('Orders').log('outside');
      const record = await eventually(() => {
        const [found] = records.find({ name: 'GET /orders/logged' });
        expect(found).toBeDefined();
        return found;
      });
      const lines = logger.lines.filter(({ context }) => context !== 'Monitoring');
      expect(lines.map(({ message, record_id }) => [message, record_id])).toEqual([
        ['in the request', record?.id],
        ['outside', undefined],
      ]);
    } finally {
      app.app.useLogger(false);
      await app.close();
    }
  });
});
