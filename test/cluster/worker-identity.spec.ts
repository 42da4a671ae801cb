import { describe, expect, it } from '@jest/globals';
import { isClusterWorker } from '../../lib/cluster/cluster-worker.js';
import {
  defaultClusterId,
  isProcessRunning,
  ownIdentity,
  workerKey,
} from '../../lib/cluster/worker-identity.js';

describe('the identity of a worker', () => {
  it('has its process, its thread and its start', () => {
    const { pid, threadId, startedAt } = ownIdentity();
    expect([pid, threadId]).toEqual([process.pid, 0]);
    expect(startedAt).toBeLessThanOrEqual(Date.now());
  });

  it('differs as a key for a process that got the id of an ended one', () => {
    const keys = [
      { pid: 1, threadId: 0, startedAt: 5 },
      { pid: 1, threadId: 0, startedAt: 6 },
      { pid: 1, threadId: 1, startedAt: 5 },
      { pid: 11, threadId: 0, startedAt: 5 },
    ].map(workerKey);
    expect(new Set(keys).size).toBe(4);
  });
});

describe('the cluster of a process', () => {
  it('is recognized by PM2, and not assumed without a sign of it', () => {
    expect(isClusterWorker({})).toBe(false);
    expect(isClusterWorker({ NODE_APP_INSTANCE: '0' })).toBe(true);
  });

  it('is that of one application of PM2, which is the parent of all of them', () => {
    const ids = ['shop', 'mail', undefined].map((name) =>
      defaultClusterId({ NODE_APP_INSTANCE: '1', ...(name && { name }) }),
    );
    expect(new Set(ids).size).toBe(3);
  });
});

describe('isProcessRunning()', () => {
  it('is true for this process, and false for an id that none has', () => {
    expect([isProcessRunning(process.pid), isProcessRunning(2 ** 22 + 1)]).toEqual([true, false]);
  });
});
