import type { CallSites } from '../../instrumentation/requests/call-sites.js';
import type { EventLoopUse } from '../../instrumentation/requests/event-loop-use.js';
import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import {
  ANONYMOUS,
  type BlockCause,
  causeOfBlock,
  isNameless,
  MAJORITY,
  NATIVE_CODE,
  NOT_SCHEDULED,
  shortFrame,
  UNKNOWN,
} from './block-cause.js';
import { StackTree } from './block-flame.js';
import type { BlockStack, EventLoopBlock } from './event-loop-block.js';
import { siteFinder, type FindSite } from './find-site.js';
import type { SampledBlock } from './loop-watch.js';

const MAX_BLOCKS = 50;
const MAX_CULPRITS = 100;
const MAX_STACKS = 5;
const MAX_FRAMES = 30;

/** The blocks of the event loop, counted by their culprit; the last ones are kept. */
export class BlockRecorder {
  private readonly count: Counter<'culprit'>;
  private readonly seconds: Counter<'culprit'>;
  private readonly culprits = new BoundedLabelValues(MAX_CULPRITS);
  private readonly kept: RecordedBlock[] = [];

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    private readonly sites: CallSites,
    private readonly eventLoop?: EventLoopUse,
    private readonly root = process.cwd(),
  ) {
    const labelNames = ['culprit'] as const;
    this.count = registry.counter(
      NODEJS_METRICS.eventLoopBlocks,
      'Times in which the event loop was blocked, by the function that blocked it.',
      { labelNames },
    );
    this.seconds = registry.counter(
      NODEJS_METRICS.eventLoopBlocked,
      'Time in which the event loop was blocked, by the function that blocked it.',
      { labelNames },
    );
  }

  record(block: SampledBlock): void {
    const siteOf = siteFinder(this.sites);
    const cause = this.causeOf(block, siteOf);
    const labels = { culprit: this.culprits.of(cause.culprit) };
    this.count.inc(labels);
    this.seconds.inc(labels, block.durationMs / 1000);
    this.kept.push({
      // It is recorded later than it ended, and two may be recorded at once.
      startedAt: this.clock.now() - (performance.now() - block.startedAt),
      durationMs: block.durationMs,
      cause,
      stacks: this.stacksOf(block),
      tree: new StackTree(block.samples, siteOf, this.root),
    });
    if (this.kept.length > MAX_BLOCKS) this.kept.shift();
  }

  /** Returns the last blocks, the newest first. */
  blocks(): EventLoopBlock[] {
    return this.kept.map(describe).toReversed();
  }

  private causeOf(block: SampledBlock, siteOf: FindSite): BlockCause {
    const cause = causeOfBlock(block, siteOf);
    if (cause.culprit !== NATIVE_CODE && cause.culprit !== UNKNOWN.culprit) return cause;
    const { startedAt, durationMs, idleMs } = block;
    if (cause.culprit === UNKNOWN.culprit && idleMs >= durationMs * MAJORITY) return cause;
    // No stack trace shows it, but a job, message or handler is known to have run.
    const culprit = this.eventLoop?.titleDuring(startedAt, startedAt + durationMs) ?? cause.culprit;
    return { ...cause, culprit };
  }

  private stacksOf({ samples }: SampledBlock): BlockStack[] {
    return samples
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, MAX_STACKS)
      .map(({ ms, stack }) => ({
        ms: Math.round(ms),
        frames: stack
          .split('\n')
          .slice(0, MAX_FRAMES)
          .map((frame) => shortFrame(frame, this.root)),
      }));
  }
}

interface RecordedBlock extends Pick<EventLoopBlock, 'startedAt' | 'durationMs' | 'stacks'> {
  readonly cause: BlockCause;
  readonly tree: StackTree;
}

function describe({ startedAt, durationMs, stacks, cause, tree }: RecordedBlock): EventLoopBlock {
  const { culprit, site, operation, share } = cause;
  return {
    startedAt: Math.round(startedAt),
    durationMs: Math.round(durationMs),
    culprit,
    // Its text is that of the source once that has been read.
    ...(site && { site: site.text }),
    ...(operation !== undefined && { operation }),
    share: Math.round(share * 100) / 100,
    cause: sentenceOf(durationMs, cause),
    stacks,
    flame: tree.flame(),
  };
}

function sentenceOf(durationMs: number, cause: BlockCause): string {
  const { culprit, operation, site, isAfterNative } = cause;
  const blocked = `The event loop was blocked for ${Math.round(durationMs)} ms`;
  if (culprit === NOT_SCHEDULED) return `${blocked}: the process was stopped or had no processor.`;
  if (culprit === UNKNOWN.culprit)
    return `${blocked}. Its cause is not known: no stack trace was taken meanwhile.`;
  const place = placeOf(cause);
  if (operation !== undefined) return `${blocked} by ${place}, in ${operation}.`;
  return isAfterNative && site !== undefined
    ? `${blocked} by native code in ${place}, or just before it.`
    : `${blocked} by ${place}.`;
}

/** Returns a function with its place; of a reason in parentheses, its words. */
function placeOf({ culprit, site }: BlockCause): string {
  if (site === undefined) return culprit.replace(/^\(([^()]*)\)$/, '$1');
  const { text } = site;
  const at = text.endsWith(')') ? text.lastIndexOf(' (') : -1;
  if (!isNameless(text.slice(0, Math.max(0, at)))) return text;
  const place = at < 0 ? `(${text})` : text.slice(at + 1);
  // A culprit without a name is the same place.
  return culprit.startsWith(`${ANONYMOUS} (`)
    ? `an anonymous function ${place}`
    : `an anonymous function within ${culprit} ${place}`;
}
