/** Loaded into the sample application by `--import`: says what it holds when it is asked, after a full collection. */
import { readdirSync } from 'node:fs';

process.on('message', () => {
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  process.send({
    bytes: heapUsed + arrayBuffers,
    rss,
    resources,
    // Those of the listing itself are not there any more.
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : undefined,
  });
});
// It ends when the application does, not when nobody asks any more.
process.channel.unref();
