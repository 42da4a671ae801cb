import { join } from 'node:path';
import { run } from './commands.mjs';

/**
 * Runs the tests of the sample application that is in the package, as its README says: a project of its own, which knows
 * nothing of this repository.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {import('./consumer.mjs').Tools} tools
 */
export async function checkSampleApp(checklist, { tarball, folder }) {
  const cwd = join(folder, 'package/sample-app/standalone');
  await checklist.check('sample-app: its tests pass with what is packed', async () => {
    await run('tar', ['-xzf', tarball, '-C', folder]);
    const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await run('npm', ['install', ...quietly, `file:${tarball}`], { cwd });
    await run('npm', ['test'], { cwd });
  });
}
