import type { BlockRecorder } from './block.recorder.js';
import type { EventLoopBlock } from './event-loop-block.js';

/** The last times in which the event loop was blocked. Inject it to read them. */
export class EventLoopBlocks {
  constructor(private readonly recorder?: BlockRecorder) {}

  /** Returns the last 50 blocks, the newest first; none if `diagnostics.blockedLoop` is false. */
  find(): EventLoopBlock[] {
    return this.recorder?.blocks() ?? [];
  }
}
