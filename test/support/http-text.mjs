import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Returns the body of what answers at an address. For processes that a test starts many times: `fetch` takes a third of
 * a second of each to load.
 */
export async function textOf(url) {
  const [response] = await once(get(url, { agent: false }), 'response');
  return text(response);
}
