/** A function in a profile of V8. Line and column begin at 0; -1 if there are none. */
export interface CallFrame {
  functionName: string;
  scriptId: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** A CPU profile of V8, the content of a `.cpuprofile`. Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

export interface CpuNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly hitCount?: number;
  readonly children?: readonly number[];
  /** Number of samples by line, which begins at 1. */
  readonly positionTicks?: readonly { line: number; readonly ticks: number }[];
}

/** A sampled allocation profile of V8, the content of a `.heapprofile`. */
export interface AllocationProfile {
  readonly head: AllocationNode;
}

export interface AllocationNode {
  readonly callFrame: CallFrame;
  /** Size of the sampled objects in bytes, which stands for all that the function allocated. */
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

/** Returns the nodes of an allocation profile, each with its callers, the innermost first. */
export function* allocationStacks({ head }: AllocationProfile): Generator<{
  readonly node: AllocationNode;
  readonly callers: readonly AllocationNode[];
}> {
  // Without recursion, since a stack may be deep.
  const open: { readonly node: AllocationNode; readonly callers: readonly AllocationNode[] }[] = [
    { node: head, callers: [] },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    const callers = [next.node, ...next.callers];
    for (const node of next.node.children) open.push({ node, callers });
  }
}
