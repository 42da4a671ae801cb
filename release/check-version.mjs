/**
 * Refuses a release that is not prepared: the tag, the version, the changelog and the addresses of package.json.
 *
 *     node release/check-version.mjs v1.0.0
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './locked-packages.mjs';

const [tag = ''] = process.argv.slice(2);
const { version, homepage, bugs, repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
const faults = [];

if (tag !== `v${version}`) faults.push(`The tag is "${tag}", but package.json has the version ${version}.`);
if (!changelog.includes(`\n## ${version}`)) {
  faults.push(`CHANGELOG.md has no section "## ${version}": give that name to "Unreleased".`);
}
for (const address of [homepage, bugs.url, repository.url]) {
  if (address.includes('example.com')) {
    faults.push(`package.json has the placeholder ${address}; CONTRIBUTING.md says what belongs there.`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
