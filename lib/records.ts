export type { TimePart } from './instrumentation/requests/time-parts.js';
export type {
  CauseKind,
  OperationKind,
  RecordCause,
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
export type { WaitPart } from './integrations/operation-waits.js';
