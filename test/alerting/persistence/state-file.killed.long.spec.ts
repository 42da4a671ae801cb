import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary, ROOT } from '../../services/support/built.js';
import { restarted, works } from './restarted.js';
import { useStateFile } from './state-file.js';

const KILLS = 20;

const file = useStateFile();

describe('SIGKILL while the state is written', () => {
  beforeAll(buildLibrary, 120_000);

  /** Saves some megabytes again and again. */
  const work = `
    import { AlertingStateFile } from '${ROOT}build/alerting/persistence/alerting-state-file.js';
    const store = new AlertingStateFile(process.argv[1], console.error);
    const filler = 'x'.repeat(4_000_000);
    for (;;) {
      store.save({ version: 1, savedAt: 0, alerts: {}, silences: [], notifications: {}, filler });
      await store.settled();
      process.stdout.write('.');
    }
  `;

  it('leaves a complete file, and no temporary files after the next start', async () => {
    let cutOff = 0;
    for (let kill = 0; kill < KILLS || (cutOff === 0 && kill < 10 * KILLS); kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', work, file.path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      child.kill('SIGKILL');
      await once(child, 'close');
      const names = await readdir(file.folder);
      expect(names).toContain('alerts.json');
      expect(JSON.parse(await readFile(file.path, 'utf8'))).toMatchObject({ version: 1 });
      cutOff += names.length - 1;
    }
    // Otherwise nothing was tried.
    expect(cutOff).toBeGreaterThan(0);
    const notified: string[] = [];
    const test = restarted(file.path, notified);
    await works(test, notified);
    expect(test.warnings).toEqual([]);
    expect(await readdir(file.folder)).toEqual(['alerts.json']);
  }, 500_000);
});
