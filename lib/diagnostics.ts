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
export type { MessageLevel } from './instrumentation/logs/log-levels.js';
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
