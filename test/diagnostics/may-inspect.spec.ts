import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import { mayInspect } from '../../lib/diagnostics/may-inspect.js';

const own = Object.getOwnPropertyDescriptor(process, 'permission');

function setPermission(value: unknown): void {
  Object.defineProperty(process, 'permission', { value, configurable: true });
}

describe('the inspector', () => {
  afterEach(() => {
    if (own === undefined) Reflect.deleteProperty(process, 'permission');
    else Object.defineProperty(process, 'permission', own);
  });

  it('may be used without a permission model', () => {
    setPermission(undefined);
    expect(mayInspect()).toBe(true);
  });

  it.each([true, false])('may be used under a permission model as that says: %s', (isAllowed) => {
    setPermission({ has: (scope: string) => scope === 'inspector' && isAllowed });
    expect(mayInspect()).toBe(isAllowed);
  });

  it('is forbidden by the permission model of this Node', () => {
    const isStable = process.allowedNodeEnvironmentFlags.has('--permission');
    const script = `(${mayInspect.toString()})()`;
    const args = [
      isStable ? '--permission' : '--experimental-permission',
      '--allow-fs-read=*',
      '--print',
      script,
    ];
    const env = { ...process.env, NODE_OPTIONS: '' };
    expect(execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: 'pipe' })).toBe('false\n');
  });
});
