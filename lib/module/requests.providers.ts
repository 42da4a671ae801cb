import { Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RequestRecorder } from '../instrumentation/http/request.recorder.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { CrashFile } from '../instrumentation/requests/crash-file.js';
import { HandlerPhasesInstrumentation } from '../instrumentation/requests/handler-phases.instrumentation.js';
import { OperationRecorder } from '../instrumentation/requests/operation.recorder.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { RecordStore } from '../instrumentation/requests/record-store.js';
import type { RequestRecord } from '../instrumentation/requests/request-record.js';
import { RequestRecords } from '../instrumentation/requests/request-records.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Returns a function that says in the log of a developer where an N+1 is. */
function warnOfRepeatedCalls(): (record: RequestRecord) => void {
  const logger = new Logger('Monitoring');
  return ({ name, calls }) => {
    const repeated = calls.find(({ isRepeated }) => isRepeated);
    if (repeated === undefined) return;
    const { count, system, name: call, site = 'an unknown place' } = repeated;
    logger.warn(`N+1 in ${name}: ${count} times ${system}: ${call}, at ${site}.`);
  };
}

/** Providers of the records of requests and other operations. */
export const REQUESTS_PROVIDERS: readonly Provider[] = [
  {
    provide: Operations,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { enabled, requests, clock }: ResolvedOptions) =>
      enabled && requests.records
        ? new Operations(clock, requests.records, instrumentationGuard(registry, 'requests'))
        : null,
  },
  {
    provide: RecordStore,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ enabled, requests }: ResolvedOptions) =>
      enabled && requests.records ? new RecordStore(requests.records) : null,
  },
  {
    provide: OperationRecorder,
    inject: [MetricsRegistry, Operations, RecordStore, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      operations: Operations | null,
      store: RecordStore | null,
      { requests, clock }: ResolvedOptions,
    ) =>
      operations && store && requests.records
        ? new OperationRecorder(
            registry,
            clock,
            operations,
            store,
            requests.records.repeatedCalls,
            process.env['NODE_ENV'] === 'development' ? warnOfRepeatedCalls() : undefined,
            requests.serverTiming,
          )
        : null,
  },
  {
    provide: HandlerPhasesInstrumentation,
    inject: [HttpAdapterHost, Operations, RequestRecorder, MetricsRegistry],
    useFactory: (
      host: HttpAdapterHost,
      operations: Operations | null,
      recorder: RequestRecorder | null,
      registry: MetricsRegistry,
    ) =>
      operations && recorder
        ? new HandlerPhasesInstrumentation(
            host,
            operations,
            recorder,
            instrumentationGuard(registry, 'requests'),
          )
        : null,
  },
  {
    provide: CrashFile,
    inject: [RequestRecords, ErrorRecords, Operations, RESOLVED_OPTIONS],
    useFactory: (
      records: RequestRecords,
      errors: ErrorRecords,
      operations: Operations | null,
      { requests, clock }: ResolvedOptions,
    ) => {
      if (!operations || !requests.records || requests.records.crashFile === undefined) return null;
      const logger = new SafeLogger(new Logger('Monitoring'));
      return new CrashFile(requests.records.crashFile, {
        records,
        errors,
        sites: operations.sites,
        clock,
        warn: (message) => logger.warn(message),
      });
    },
  },
  {
    provide: RequestRecords,
    inject: [Operations, RecordStore, RESOLVED_OPTIONS],
    useFactory: (operations: Operations | null, store: RecordStore | null, { clock }: ResolvedOptions) =>
      new RequestRecords(operations ?? undefined, store ?? undefined, clock),
  },
];
