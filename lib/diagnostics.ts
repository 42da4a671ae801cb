// The door for what is looked at when something is wrong: records of requests and errors, blocks, profiles, memory, logs, the start and the end.
export type { BlockFlame, BlockStack, EventLoopBlock } from './diagnostics/blocked-loop/event-loop-block.js';
export { EventLoopBlocks } from './diagnostics/blocked-loop/event-loop-blocks.js';
export { LogLevels } from './diagnostics/log-levels/log-levels.js';
export type { ChangedLogLevel, LogLevelChange, LogLevelReport } from './diagnostics/log-levels/log-levels.js';
export { MemoryGrowth } from './diagnostics/memory/memory-growth.js';
export type {
  GrowingCount,
  GrowingSite,
  ListenerGrowth,
  MemoryReport,
  MemoryStatus,
  MemoryWindow,
} from './diagnostics/memory/memory-report.js';
export type { MemoryOptions } from './diagnostics/memory/memory.options.js';
export type { BlockedLoopOptions, DiagnosticsOptions } from './diagnostics/diagnostics.options.js';
export type { LoggerLevel } from './instrumentation/logs/logger-level.js';
export type { MessageLevel } from './instrumentation/logs/message-level.js';
export type { LogsOptions } from './instrumentation/logs/logs.options.js';
export { ProcessInfo } from './diagnostics/process-info/process-info.js';
export type {
  InFlightOperation,
  InFlightReport,
  InFlightWait,
  ModuleInfo,
  ProcessLimits,
  ProcessReport,
  RouteInfo,
  RuntimeInfo,
  WatchedClients,
} from './diagnostics/process-info/process-report.js';
export type {
  StartupModule,
  StartupNode,
  StartupOfMonitoring,
  StartupPhase,
  StartupPhaseName,
  StartupReport,
  StartupStep,
} from './diagnostics/startup/startup-report.js';
export { StartupTimes } from './diagnostics/startup/startup-times.js';
export {
  type Profile,
  type ProfileContent,
  ProfileError,
  type ProfileFormat,
  type ProfileKind,
  type ProfileRefusal,
  type ProfileRequest,
} from './diagnostics/profiles/profile.js';
export { Profiles } from './diagnostics/profiles/profiles.js';
export type { ProfilesOptions } from './diagnostics/profiles/profiles.options.js';
export type { FlightRecorderOptions } from './diagnostics/flight-recorder/flight-recorder.options.js';
export type { FlightRow } from './diagnostics/flight-recorder/flight-row.js';
export { LastExit, type ExitReason, type ExitReport } from './diagnostics/flight-recorder/last-exit.js';
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
