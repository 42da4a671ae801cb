import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary, ROOT } from '../../services/support/built.js';
import { MAY_DIE_IN_WRITE } from '../../support/dying-write.js';
import { restarted, works } from './restarted.js';
import { useStateFile } from './state-file.js';

const KILLS = 20;

const file = useStateFile();

describe('SIGKILL while the state is written', () => {
  beforeAll(buildLibrary, 120_000);

  /** Saves some megabytes again and again, or until it ends in the middle of the second write. */
  const work = `
    import { AlertingStateFile } from '${ROOT}build/alerting/persistence/alerting-state-file.js';
    const store = new AlertingStateFile(process.argv[1], console.error);
    const filler = 'x'.repeat(4_000_000);
    ${MAY_DIE_IN_WRITE}
    for (;;) {
      store.save({ version: 1, savedAt: 0, alerts: {}, silences: [], notifications: {}, filler });
      await store.settled();
      process.stdout.write('.');
      dies = process.argv[2] === 'dies';
    }
  `;

  it('leaves a complete file, and no temporary files after the next start', async () => {
    let names: string[] = [];
    for (let kill = 0; kill <= KILLS; kill++) {
      // The last one by itself, since chance may miss every write.
      const dies = kill === KILLS;
      const args = ['--input-type=module', '--eval', work, file.path, ...(dies ? ['dies'] : [])];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      if (!dies) child.kill('SIGKILL');
      await closed;
      names = await readdir(file.folder);
      expect(names).toContain('alerts.json');
      expect(JSON.parse(await readFile(file.path, 'utf8'))).toMatchObject({ version: 1 });
    }
    expect(names).toHaveLength(2);
    const notified: string[] = [];
    const test = restarted(file.path, notified);
    await works(test, notified);
    expect(test.warnings).toEqual([]);
    expect(await readdir(file.folder)).toEqual(['alerts.json']);
  }, 500_000);
});
