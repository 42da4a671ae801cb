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

/** The lines below a heading such as `## [1.0.0] - 2026-11-29`, by what is in the brackets. */
const sections = new Map(
  changelog
    .split(/^## /m)
    .slice(1)
    .map((text) => [/^\[(.+?)\]/.exec(text)?.[1], text]),
);

if (tag !== `v${version}`) faults.push(`The tag is "${tag}", but package.json has the version ${version}.`);
if (!/^\[.+\] - \d{4}-\d{2}-\d{2}\n/.test(sections.get(version) ?? '')) {
  faults.push(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD".`);
}
if (/^- /m.test(sections.get('Unreleased') ?? '')) {
  faults.push(`CHANGELOG.md has changes below "## [Unreleased]": move them to the section of ${version}.`);
}
for (const address of [homepage, bugs.url, repository.url]) {
  if (address.includes('example.com')) {
    faults.push(`package.json has the placeholder ${address}; CONTRIBUTING.md says what belongs there.`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
