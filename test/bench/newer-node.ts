import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { arch, homedir, platform } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Where to find a newer Node and a client that needs it, or why there is none. */
export type NewerNode =
  | {
      readonly execPath: string;
      readonly client: string;
      readonly version: string;
      readonly reason?: undefined;
    }
  | { readonly reason: string };

const MAJOR = 24;

/** Installs a newer Node and the client from npm into the user's cache, once. */
export function newerNode(client: string): NewerNode {
  const nodePackage = `node-${platform()}-${arch()}`;
  const home = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nestjs-monitoring-bench');
  const execPath = join(home, 'node_modules', nodePackage, 'bin', 'node');
  const name = client.replace(/(.)@.*/, '$1');
  try {
    if (!existsSync(execPath) || !existsSync(join(home, 'node_modules', name))) {
      process.stderr.write(`Installing Node ${MAJOR} and ${client} for the comparison…\n`);
      mkdirSync(home, { recursive: true });
      const packages = [`${nodePackage}@${MAJOR}`, client];
      execFileSync('npm', ['install', '--prefix', home, '--ignore-scripts', '--no-audit', ...packages], {
        stdio: 'ignore',
        timeout: 180_000,
      });
    }
    const version = execFileSync(execPath, ['--version'], { encoding: 'utf8' }).trim().slice(1);
    return {
      execPath,
      version,
      client: `${name}=${createRequire(join(home, 'package.json')).resolve(name)}`,
    };
  } catch (error) {
    return { reason: `npm could not install it: ${error instanceof Error ? error.message : String(error)}` };
  }
}
