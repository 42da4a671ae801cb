import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RendezvousSocket } from '../../lib/cluster/rendezvous-socket.js';

let directory = '';
const servers: Server[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nm-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(directory, { recursive: true, force: true });
});

function opened(id = 'shop'): RendezvousSocket {
  const rendezvous = new RendezvousSocket(id, directory);
  rendezvous.open();
  return rendezvous;
}

async function listening(rendezvous: RendezvousSocket): Promise<Server> {
  const server = await rendezvous.listen((socket) => socket.end());
  servers.push(server);
  return server;
}

const never = new AbortController().signal;

describe('the socket of a cluster', () => {
  it('connects the workers of one cluster, and no other', async () => {
    await listening(opened());
    const socket = await opened().connect(never);
    socket.destroy();
    await expect(opened('mail').connect(never)).rejects.toThrow('ENOENT');
  });

  it('belongs to the worker that listened last, and stays when the former one closes', async () => {
    const [former, latter] = [opened(), opened()];
    const server = await listening(former);
    expect(former.isOurs()).toBe(true);
    await listening(latter);
    expect([former.isOurs(), latter.isOurs()]).toEqual([false, true]);
    former.close(server);
    const socket = await opened().connect(never);
    await once(socket, 'connect', { signal: AbortSignal.timeout(1) }).catch(() => undefined);
    socket.destroy();
    expect(latter.isOurs()).toBe(true);
  });

  it('survives a connection that is lost as it is opened, and connections that cannot be accepted', async () => {
    const server = await listening(opened());
    for (let i = 0; i < 3; i++) {
      const socket = await opened().connect(never);
      // Before whoever asked for it could listen.
      socket.emit('error', new Error('read ECONNRESET'));
      socket.destroy();
      // As Node.js does for each connection for which there is no file descriptor.
      server.emit('error', new Error('accept EMFILE'));
    }
  });

  it('gives up to connect when it is asked to', async () => {
    await expect(opened().connect(AbortSignal.abort())).rejects.toThrow('abort');
  });
});

describe('the lock of a cluster', () => {
  it('lets one worker at a time work, and is released when the work fails', async () => {
    const [one, other] = [opened(), opened()];
    await one.exclusively(async () => {
      await expect(other.exclusively(() => Promise.resolve())).resolves.toBe(false);
    });
    await expect(one.exclusively(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await expect(other.exclusively(() => Promise.resolve())).resolves.toBe(true);
  });

  it('is broken once its owner must have been killed', async () => {
    const rendezvous = opened();
    const lock = rendezvous.fileFor('lock');
    mkdirSync(lock);
    await expect(rendezvous.exclusively(() => Promise.resolve())).resolves.toBe(false);
    utimesSync(lock, 0, (Date.now() - 11_000) / 1000);
    await expect(rendezvous.exclusively(() => Promise.resolve())).resolves.toBe(false);
    await expect(rendezvous.exclusively(() => Promise.resolve())).resolves.toBe(true);
  });
});

describe('the files of a cluster', () => {
  it('keep the totals until they are removed', async () => {
    const rendezvous = opened();
    await expect(rendezvous.read()).resolves.toBeUndefined();
    await rendezvous.write(Buffer.from('totals'));
    await expect(opened().read()).resolves.toEqual(Buffer.from('totals'));
    rendezvous.clear();
    await expect(opened().read()).resolves.toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('of killed applications are removed after a day, and nothing else is', () => {
    const dayAgo = (Date.now() - 25 * 3_600_000) / 1000;
    const names = ['0123456789abcdef.counts', 'fedcba9876543210.counts', 'notes.txt'];
    for (const name of names) writeFileSync(join(directory, name), '');
    for (const name of ['0123456789abcdef.counts', 'notes.txt'])
      utimesSync(join(directory, name), dayAgo, dayAgo);
    opened();
    expect(readdirSync(directory).toSorted()).toEqual(['fedcba9876543210.counts', 'notes.txt']);
  });

  it('are not put where other users may enter, or where the path of the socket would be too long', () => {
    chmodSync(directory, 0o755);
    expect(() => opened()).toThrow('must be a directory that only this user may enter (mode 0700)');
    const long = new RendezvousSocket('shop', join(directory, 'x'.repeat(80)));
    expect(() => long.open()).toThrow('set cluster.directory to a shorter path');
    expect(existsSync(join(directory, 'x'.repeat(80)))).toBe(false);
  });
});
