/**
 * Checks the licences of everything that the package needs: its dependencies and its peers, with what these need. Writes
 * the texts of the licences of the dependencies, which come with the package or are served by the dashboard.
 *
 *     node release/licenses.mjs           # the licences, and an error if one is unknown or the texts are old
 *     node release/licenses.mjs --write   # writes THIRD-PARTY-LICENSES.md
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LockedPackages, ROOT } from './locked-packages.mjs';

/** Licences that ask for no more than to be named. */
const ACCEPTED = new Set([
  'MIT',
  'MIT-0',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'Zlib',
]);
const TEXTS = 'THIRD-PARTY-LICENSES.md';

const locked = new LockedPackages();
const { dependencies, peerDependencies } = locked.manifest;
const installed = locked.closureOf(Object.keys(dependencies));
const ofPeers = locked.closureOf(Object.keys(peerDependencies));
const faults = [...faultsOf(installed), ...faultsOf(ofPeers)];

const texts = textsOf(installed);
if (process.argv.includes('--write')) writeFileSync(join(ROOT, TEXTS), texts);
else if (readFileSync(join(ROOT, TEXTS), 'utf8') !== texts)
  faults.push(`${TEXTS} is old: node release/licenses.mjs --write`);

console.log(`Dependencies: ${summaryOf(installed)}\nPeers, with what they need: ${summaryOf(ofPeers)}`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

/** @param {import('./locked-packages.mjs').LockedPackage[]} packages */
function faultsOf(packages) {
  return packages
    .filter(({ license }) => !isAccepted(license ?? ''))
    .map(
      ({ name, version, license }) =>
        `${name}@${version} has the licence ${license}, which is not among the accepted ones.`,
    );
}

/** Returns true if all parts of an `AND`, or any of an `OR`, are accepted. Both in one expression are read by nobody. */
function isAccepted(license) {
  const parts = license.replace(/^\((.*)\)$/, '$1');
  if (parts.includes(' AND ')) return parts.split(' AND ').every((part) => ACCEPTED.has(part));
  return parts.split(' OR ').some((part) => ACCEPTED.has(part));
}

function summaryOf(packages) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { license } of packages) counts.set(license, (counts.get(license) ?? 0) + 1);
  return [...counts].map(([license, count]) => `${count} ${license}`).join(', ');
}

function textsOf(packages) {
  const sections = packages.map(({ name, version, license, path }) => {
    const file = readdirSync(join(ROOT, path)).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
    if (file === undefined) throw new Error(`${name} has no text of its licence.`);
    const text = readFileSync(join(ROOT, path, file), 'utf8')
      .replaceAll('\r\n', '\n')
      .trim();
    return `## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  });
  const intro =
    'npm installs these packages with nestjs-monitoring. The page of the dashboard loads uPlot, which the application serves.';
  return `# Licences of dependencies\n\n${intro}\n\n${sections.join('\n')}`;
}
