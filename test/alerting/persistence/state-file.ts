import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';

/** A folder of its own for each test, and the state file of alerting in it. */
export interface StateFile {
  folder: string;
  path: string;
}

/** Makes the folder before each test of the calling file, and removes it afterwards. */
export function useStateFile(): StateFile {
  const file: StateFile = { folder: '', path: '' };
  beforeEach(async () => {
    file.folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-state-'));
    file.path = join(file.folder, 'alerts.json');
  });
  afterEach(() => rm(file.folder, { recursive: true, force: true }));
  return file;
}
