import type { CallSite } from '../../instrumentation/requests/call-sites.js';
import { shortFrame } from './block-cause.js';
import type { BlockFlame } from './event-loop-block.js';
import type { FindSite } from './find-site.js';
import type { StackSample } from './loop-sampler.js';

const MAX_NODES = 200;
const MAX_LENGTH = 300;
/** The position at the end of a place, such as `:42:17`, with a parenthesis after it. */
const POSITION = /:(\d{1,9}):\d{1,9}(\)?)$/;

/** A function in stack traces that have all frames around it in common. */
interface FlameNode {
  /** The place of the application, whose text is that of the source once that has been read; otherwise its frame. */
  readonly place: CallSite | string;
  ms: number;
  readonly children: Map<string, FlameNode>;
}

/** The stack traces of a block, joined to a tree of functions from the outermost on. Lines of one function are one. */
export class StackTree {
  private readonly top = nodeOf('');
  private readonly names = new Map<string, string>();
  private size = 1;

  constructor(
    samples: readonly StackSample[],
    private readonly siteOf: FindSite,
    private readonly root: string,
  ) {
    // If there are too many functions, those that took the longest are kept.
    for (const { stack, ms } of samples.toSorted((a, b) => b.ms - a.ms)) this.add(stack.split('\n'), ms);
    this.names.clear();
  }

  /** Returns the tree, the longest functions first. */
  flame(): BlockFlame {
    return describe(this.top);
  }

  private add(frames: readonly string[], ms: number): void {
    let node = this.top;
    node.ms += ms;
    for (const frame of frames.toReversed()) {
      const name = this.nameOf(frame);
      let child = node.children.get(name);
      if (child === undefined) {
        // Its time stays that of its caller.
        if (this.size >= MAX_NODES) return;
        this.size++;
        child = nodeOf(this.siteOf(frame) ?? name);
        node.children.set(name, child);
      }
      child.ms += ms;
      node = child;
    }
  }

  /** Returns the function of a frame. Most stack traces have most frames in common. */
  private nameOf(frame: string): string {
    let name = this.names.get(frame);
    if (name === undefined) {
      name = withoutPosition(shortFrame(frame, this.root)).slice(0, MAX_LENGTH);
      this.names.set(frame, name);
    }
    return name;
  }
}

function nodeOf(place: CallSite | string): FlameNode {
  return { place, ms: 0, children: new Map() };
}

function describe({ place, ms, children }: FlameNode): BlockFlame {
  return {
    name: withoutPosition(typeof place === 'string' ? place : place.text),
    value: Math.round(ms),
    children: Array.from(children.values(), describe).toSorted((a, b) => b.value - a.value),
  };
}

/** Returns the text of a frame without its line, which alone distinguishes functions without a name. */
function withoutPosition(text: string): string {
  return text.replace(POSITION, (_, line: string, end: string) => (end === '' ? `:${line}` : end));
}
