// Sends requests in a process of its own, as many at a time as it is told, and says when they are answered.
import { Agent, get } from 'node:http';

const CONNECTIONS = 8;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function request(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume().once('end', resolve);
    }).once('error', reject);
  });
}

async function send(url: string, count: number): Promise<void> {
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent < count) await request(`${url}/${sent++ % 100}`);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

process.on('message', ({ url, count }: { url: string; count: number }) => {
  send(url, count).then(
    () => process.send?.({ done: true }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
