export type { BlockStack, EventLoopBlock } from './diagnostics/blocked-loop/event-loop-block.js';
export { EventLoopBlocks } from './diagnostics/blocked-loop/event-loop-blocks.js';
export type { BlockedLoopOptions, DiagnosticsOptions } from './diagnostics/diagnostics.options.js';
export type { FlightRecorderOptions } from './diagnostics/flight-recorder/flight-recorder.options.js';
export type { FlightRow } from './diagnostics/flight-recorder/flight-row.js';
export { LastExit, type ExitReason, type ExitReport } from './diagnostics/flight-recorder/last-exit.js';
