export { type ErrorRecordQuery, ErrorRecords } from './instrumentation/errors/error-records.js';
export type { ErrorOperation, ErrorRecord } from './instrumentation/errors/error-record.js';
export type { ErrorRecordsOptions } from './instrumentation/errors/errors.options.js';
export type { CrashError, CrashReport } from './instrumentation/requests/crash-report.js';
export type { TimePart } from './instrumentation/requests/time-parts.js';
export type {
  CauseKind,
  OperationKind,
  RecordCause,
  RecordedBlocker,
  RecordedCall,
  RecordedException,
  RequestPhase,
  RequestRecord,
} from './instrumentation/requests/request-record.js';
export {
  type OperationCause,
  type RequestRecordQuery,
  RequestRecords,
} from './instrumentation/requests/request-records.js';
export type { RecordsOptions, RequestsOptions } from './instrumentation/requests/requests.options.js';
export type { ErrorSource } from './primitives/error-observer.js';
export type { WaitPart } from './integrations/operation-waits.js';
