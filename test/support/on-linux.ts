import { describe, it } from '@jest/globals';

const IS_LINUX = process.platform === 'linux';

function titleOf(title: string): string {
  if (IS_LINUX) return title;
  const reason = 'only Linux has /proc';
  console.warn(`Skipped: ${title}. Reason: ${reason}.`);
  return `${title} (skipped: ${reason})`;
}

/** A test that reads /proc. On another system it is skipped and says so. */
export function itOnLinux(title: string, test: () => unknown): void {
  (IS_LINUX ? it : it.skip)(titleOf(title), async () => void (await test()));
}

/** A suite that reads /proc. On another system it is skipped and says so. */
export function describeOnLinux(title: string, suite: () => void): void {
  (IS_LINUX ? describe : describe.skip)(titleOf(title), suite);
}
