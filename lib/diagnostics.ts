export type { BlockStack, EventLoopBlock } from './diagnostics/blocked-loop/event-loop-block.js';
export { EventLoopBlocks } from './diagnostics/blocked-loop/event-loop-blocks.js';
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
