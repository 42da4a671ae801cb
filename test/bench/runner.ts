// Runs the cases of its first argument one after the other and hands their rows to the parent.
import { FULL, QUICK, type Row } from './cases/case.js';
import { bridgeCases } from './cases/bridge.cases.js';
import { decoratorCases } from './cases/decorator.cases.js';
import { growthCases } from './cases/growth.cases.js';
import { hotPathCases } from './cases/hot-path.cases.js';
import { memoryCases } from './cases/memory.cases.js';
import { otlpCases } from './cases/otlp.cases.js';
import { renderCases } from './cases/render.cases.js';
import { startupCases } from './cases/startup.cases.js';
import { ours } from './peers/ours.peer.js';
import type { Peer } from './peers/peer.js';
import { promClientPeer } from './peers/prom-client.peer.js';
import type * as PromClient from 'prom-client';

const [names = '', effort, ...specifiers] = process.argv.slice(2);

/**
 * A peer is loaded only where it takes part: some need a newer Node than this may be. It is given by its name and,
 * where it is not installed here, the path of its entry: `name=path`.
 */
async function loadPeer(given: string): Promise<Peer> {
  if (given === ours.name) return ours;
  if (given === 'opentelemetry') return (await import('./peers/opentelemetry.peer.js')).opentelemetry;
  const [peer, path = peer] = given.split('=') as [string, string?];
  const loaded = (await import(path)) as { default?: typeof PromClient } & typeof PromClient;
  return promClientPeer(peer, loaded.default ?? loaded);
}

const all = [
  ...hotPathCases,
  ...decoratorCases,
  ...bridgeCases,
  ...otlpCases,
  ...renderCases,
  ...memoryCases,
  ...startupCases,
  ...growthCases,
];
const peers = await Promise.all(specifiers.map(loadPeer));
const rows: Row[] = [];
for (const name of names.split(',')) {
  const found = all.find((candidate) => candidate.name === name);
  if (found === undefined)
    throw new Error(`There is no case ${name}. Cases: ${all.map((one) => one.name).join(', ')}`);
  rows.push(...(await found.run(peers, effort === 'quick' ? QUICK : FULL)));
}
process.send?.(rows);
process.disconnect?.();
