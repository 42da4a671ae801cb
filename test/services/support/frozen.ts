import { readFileSync } from 'node:fs';

/** Does something while a server answers nothing and refuses nothing: it and its child processes are stopped. */
export async function whileFrozen(server: { readonly pid?: number | undefined }, work: () => Promise<void>) {
  const { pid } = server;
  if (pid === undefined) throw new Error('it does not run');
  // The parent first, so that it has no further children.
  process.kill(pid, 'SIGSTOP');
  const pids = [pid, ...childrenOf(pid)];
  for (const each of pids) process.kill(each, 'SIGSTOP');
  try {
    await work();
  } finally {
    for (const each of pids.toReversed()) process.kill(each, 'SIGCONT');
  }
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
