import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, run } from './commands.mjs';

/** The ways in which TypeScript finds a package. */
const RESOLUTIONS = {
  node: ['--module', 'commonjs', '--moduleResolution', 'node10'],
  node16: ['--module', 'node16', '--moduleResolution', 'node16'],
  nodenext: ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
};
/** An error in a declaration that is neither of the consumer nor of the package, as the compiler prints it. */
const OF_OTHERS = /^node_modules\/(?!nestjs-monitoring\/|\.pnpm\/nestjs-monitoring@).*\(\d+,\d+\): error /;
/** A line that belongs to the error above it. */
const CONTINUED = /^\s/;

/**
 * A compiler with its options.
 *
 * @typedef {object} Compilation
 * @property {string} version of TypeScript
 * @property {keyof typeof RESOLUTIONS} resolution
 * @property {readonly string[]} [options]
 * @property {string} [project] the consumer itself if omitted
 */

const WITHOUT_INTEROP = ['--esModuleInterop', 'false'];

/** @type {readonly Compilation[]} of a consumer that is CommonJS, beside those of its own compiler */
export const COMMONJS_COMPILATIONS = [
  { version: '5.1', resolution: 'node', options: WITHOUT_INTEROP },
  { version: '5.1', resolution: 'node16' },
  { version: '5.4', resolution: 'bundler' },
  { version: '5.7', resolution: 'nodenext', options: WITHOUT_INTEROP },
  // TypeScript 7 has neither of these two.
  { version: '6.0', resolution: 'node', options: ['--ignoreDeprecations', '6.0', ...WITHOUT_INTEROP] },
  { version: '7.0', resolution: 'nodenext' },
  { version: '7.0', resolution: 'bundler' },
];

/** @type {readonly Compilation[]} of a consumer that is an ES module, beside those of its own compiler */
export const ESM_COMPILATIONS = [
  { version: '5.7', resolution: 'nodenext' },
  { version: '7.0', resolution: 'bundler' },
  // Nest 12 is of ES modules, which an older TypeScript lets no library in CommonJS import.
  { version: '7.0', resolution: 'nodenext', project: 'library.tsconfig.json' },
];

const VERSIONS = [...new Set([...COMMONJS_COMPILATIONS, ...ESM_COMPILATIONS].map(({ version }) => version))];

/**
 * Installs every compiler.
 *
 * @param {string} folder where they may be
 * @returns {Promise<string>} the folder of their packages
 */
export async function installCompilers(folder) {
  const cwd = join(folder, 'compilers');
  mkdirSync(cwd);
  const packages = VERSIONS.map((version) => `typescript-${version}@npm:typescript@${version}`);
  await run('npm', ['install', '--prefix', cwd, '--no-audit', '--no-fund', '--prefer-offline', ...packages], {
    cwd,
  });
  return join(cwd, 'node_modules');
}

/**
 * Checks the types of a consumer by every compiler, two at a time.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} name
 * @param {string} cwd
 * @param {readonly Compilation[]} compilations
 * @param {string} compilers the folder of their packages
 */
export async function checkCompilations(checklist, name, cwd, compilations, compilers) {
  const left = [...compilations];
  const lanes = Array.from({ length: 2 }, async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { version, resolution, options = [], project } = next;
      const given = [...options, ...(project === undefined ? [] : [project])];
      const and = given.length > 0 ? ` and ${given.join(' ')}` : '';
      await checklist.check(`${name}: the types hold in TypeScript ${version} with ${resolution}${and}`, () =>
        compile(
          cwd,
          join(compilers, `typescript-${version}/bin/tsc`),
          [...RESOLUTIONS[resolution], ...options, '--noEmit'],
          project,
        ),
      );
    }
  });
  await Promise.all(lanes);
}

/**
 * Compiles a consumer. Every declaration is checked, with `skipLibCheck: false`; what is wrong in those of others is
 * theirs: an old compiler does not know all that they use, and pnpm hides what they do not declare.
 *
 * @param {string} cwd
 * @param {string} compiler its script
 * @param {readonly string[]} [options] beside those of the project
 * @param {string} [project]
 * @throws {Error} with the errors of the consumer and of the package
 */
export async function compile(cwd, compiler, options = [], project = 'consumer.tsconfig.json') {
  try {
    await run(process.execPath, [compiler, '-p', project, '--pretty', 'false', ...options], { cwd });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const own = withoutOthers(error.output.split('\n'));
    if (own.length > 0) throw new Error(own.join('\n'), { cause: error });
  }
}

/** @param {readonly string[]} lines of the compiler */
function withoutOthers(lines) {
  let isOfOthers = false;
  return lines.filter((line) => {
    if (!CONTINUED.test(line)) isOfOthers = OF_OTHERS.test(line);
    return !isOfOthers && line !== '';
  });
}
