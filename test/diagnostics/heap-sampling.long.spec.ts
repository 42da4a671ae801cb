import { Session } from 'node:inspector';
import { describe, expect, it } from '@jest/globals';
import { HeapSampling } from '../../lib/diagnostics/heap-sampling.js';

interface Node {
  readonly selfSize: number;
  readonly children: readonly Node[];
  readonly callFrame: { readonly functionName: string };
}

function totalOf(node: Node): number {
  return node.children.reduce((sum, child) => sum + totalOf(child), node.selfSize);
}

/** The bytes that a function allocated, and those that it called. */
function bytesOf(name: string, node: Node): number {
  const isOwn = node.callFrame.functionName === name;
  return node.children.reduce(
    (sum, child) => sum + (isOwn ? totalOf(child) : bytesOf(name, child)),
    isOwn ? node.selfSize : 0,
  );
}

const kept: unknown[] = [];
function keepMuch(megabytes: number): void {
  for (let i = 0; i < megabytes * 10; i++) kept.push(Array.from({ length: 12_500 }, () => i + 0.5));
}
function dropMuch(megabytes: number): void {
  for (let i = 0; i < megabytes * 10; i++) Array.from({ length: 12_500 }, () => i + 0.5);
}

describe('the sampling of the heap', () => {
  it('shows live objects, and begins anew after a recording', async () => {
    const sampling = new HeapSampling();
    const end = await sampling.sampleLive(64 * 1024);
    keepMuch(20);
    const before = await sampling.readLive();
    expect(bytesOf('keepMuch', before!.profile.head as Node)).toBeGreaterThan(5_000_000);

    const recording = await sampling.record({ intervalBytes: 32 * 1024 });
    expect(await sampling.readLive()).toBeUndefined();
    await expect(sampling.record({ intervalBytes: 1024 })).rejects.toThrow('another recording');
    keepMuch(5);
    const recorded = await recording.end();
    expect(await recording.end()).toBe(recorded);
    expect(bytesOf('keepMuch', recorded.head as Node)).toBeGreaterThan(2_000_000);
    expect(bytesOf('keepMuch', recorded.head as Node)).toBeLessThan(15_000_000);

    const after = await sampling.readLive();
    expect(after!.generation).toBeGreaterThan(before!.generation);
    expect(bytesOf('keepMuch', after!.profile.head as Node)).toBe(0);
    end();
    end();
    expect(await sampling.readLive()).toBeUndefined();
  });

  it('records what was collected meanwhile if asked to', async () => {
    const sampling = new HeapSampling();
    const recording = await sampling.record({ intervalBytes: 32 * 1024, includesCollected: true });
    dropMuch(20);
    const profile = await recording.end();
    expect(bytesOf('dropMuch', profile.head as Node)).toBeGreaterThan(5_000_000);
  });

  it('can be abandoned', async () => {
    const sampling = new HeapSampling();
    const recording = await sampling.record({ intervalBytes: 32 * 1024 });
    await recording.cancel();
    await recording.cancel();
    await expect(recording.end()).rejects.toThrow('cancelled');
    await (await sampling.record({ intervalBytes: 32 * 1024 })).cancel();
  });

  it('begins anew after a debugger has ended it', async () => {
    const sampling = new HeapSampling();
    const end = await sampling.sampleLive(64 * 1024);
    const first = sampling.generation;
    const session = new Session();
    session.connect();
    session.post('HeapProfiler.startSampling');
    session.disconnect();
    expect(await sampling.readLive()).toBeUndefined();
    expect((await sampling.readLive())!.generation).toBeGreaterThan(first);
    end();
  });

  it('leaves the sampling of a debugger alone, and begins once that has ended', async () => {
    const sampling = new HeapSampling();
    const debuggerSession = new Session();
    debuggerSession.connect();
    const post = (method: string) =>
      new Promise<void>((resolve, reject) => {
        debuggerSession.post(method, (error) => (error === null ? resolve() : reject(error)));
      });
    await post('HeapProfiler.startSampling');
    await expect(sampling.record({ intervalBytes: 32 * 1024 })).rejects.toThrow('a debugger');
    await expect(sampling.sampleLive(64 * 1024)).rejects.toThrow('a debugger');
    expect(await sampling.readLive()).toBeUndefined();
    await expect(post('HeapProfiler.stopSampling')).resolves.toBeUndefined();
    debuggerSession.disconnect();
    const endAgain = await sampling.sampleLive(64 * 1024);
    expect(await sampling.readLive()).toBeDefined();
    endAgain();
  });
});
