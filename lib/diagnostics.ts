export type { BlockFlame, BlockStack, EventLoopBlock } from './diagnostics/blocked-loop/event-loop-block.js';
export { EventLoopBlocks } from './diagnostics/blocked-loop/event-loop-blocks.js';
export type { BlockedLoopOptions, DiagnosticsOptions } from './diagnostics/diagnostics.options.js';
