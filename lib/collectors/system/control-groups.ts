import { posix } from 'node:path';
import type { LinuxFiles } from './linux-files.js';
import { type Mount, parseMountInfo } from './mounts.js';

/** The directories of this process in the hierarchy of one controller, from the innermost to the outermost. */
export interface ControlGroup {
  readonly version: 1 | 2;
  readonly directories: readonly string[];
}

type Controller = 'cpu' | 'cpuacct' | 'cpuset' | 'memory';

const CGROUP_V2 = '';

/** The control groups of this process, of version 1, version 2 or a mixture, inside or outside of a container. */
export class ControlGroups {
  private readonly mounts: readonly Mount[];
  /** Path of this process by controller; that of version 2 has an empty name. */
  private readonly paths: ReadonlyMap<string, string>;

  constructor(private readonly files: LinuxFiles) {
    this.mounts = parseMountInfo(files.read('/proc/self/mountinfo')).filter(({ type }) =>
      ['cgroup', 'cgroup2'].includes(type),
    );
    this.paths = pathsOf(files.read('/proc/self/cgroup'));
  }

  /** Returns the group of a controller; undefined if no hierarchy has the controller. */
  of(controller: Controller): ControlGroup | undefined {
    const path = this.paths.get(controller);
    const mount = this.mounts.find(
      ({ type, superOptions }) => type === 'cgroup' && superOptions.includes(controller),
    );
    if (path !== undefined && mount !== undefined) {
      return { version: 1, directories: directoriesOf(mount, path) };
    }
    const unified = this.mounts.find(({ type }) => type === 'cgroup2');
    const unifiedPath = this.paths.get(CGROUP_V2);
    if (unified === undefined || unifiedPath === undefined) return undefined;
    const directories = directoriesOf(unified, unifiedPath);
    // The process may be in a group below those that have the controller enabled.
    const has = (directory: string) =>
      this.files.read(posix.join(directory, 'cgroup.controllers')).trim().split(' ').includes(controller);
    return directories.some(has) ? { version: 2, directories } : undefined;
  }
}

/** Parses lines such as `4:cpu,cpuacct:/docker/1f2e`, or `0::/docker/1f2e` in version 2. */
function pathsOf(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (found === null) continue;
    const [, controllers = '', path = '/'] = found;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** Returns the directory of a group and its visible ancestors. */
function directoriesOf({ root, mountPoint }: Mount, path: string): string[] {
  const base = root === '/' ? '' : root;
  // In a cgroup namespace the mount is the group itself, whatever its path is outside.
  let below = path === base || path.startsWith(`${base}/`) ? path.slice(base.length) : '';
  if (below.split('/').includes('..')) below = '';
  const directories: string[] = [];
  for (let at = posix.join('/', below); at !== '/'; at = posix.dirname(at)) {
    directories.push(posix.join(mountPoint, at));
  }
  return [...directories, mountPoint];
}
