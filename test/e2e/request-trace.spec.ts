import { AsyncLocalStorage } from 'node:async_hooks';
import { Server } from 'node:http';
import { Controller, Get, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { RequestRecords } from 'nestjs-monitoring/diagnostics';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const trace = new AsyncLocalStorage<{ readonly trace_id: string; readonly span_id: string }>();
const TRACE_ID = 'a'.repeat(32);

@Controller('traced')
class TracedController {
  @Get()
  get(): string {
    return 'traced';
  }
}

@Module({
  imports: [
    MonitoringModule.forRoot({
      exemplars: () => trace.getStore(),
      requests: { records: { sampleRate: 1 } },
    }),
  ],
  controllers: [TracedController],
})
class AppModule {}

describe.each(ADAPTERS)('the record of a traced request on %s', (adapter) => {
  const prototype = Server.prototype as { emit(this: unknown, ...args: unknown[]): boolean };
  const emit = Reflect.get(prototype, 'emit');
  let app: RunningApp;

  beforeAll(async () => {
    // As OpenTelemetry starts the span of a request.
    prototype.emit = function (...args) {
      const call = (): boolean => Reflect.apply(emit, this, args);
      return args[0] === 'request'
        ? trace.run({ trace_id: TRACE_ID, span_id: 'b'.repeat(16) }, call)
        : call();
    };
    app = await startApp(adapter, AppModule);
  });
  afterAll(async () => {
    await app.close();
    prototype.emit = emit;
  });

  it('has the trace that an instrumentation starts within the event of the server', async () => {
    await app.get('/traced');
    const records = app.app.get(RequestRecords);
    await eventually(() => expect(records.get(TRACE_ID)?.name).toBe('GET /traced'));
    expect(records.find({ name: 'GET /traced' })).toHaveLength(1);
  });
});
