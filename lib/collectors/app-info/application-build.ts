import { readFileSync } from 'node:fs';
import { MonitoringOptionsError } from '../../options/option-checks.js';
import { messageOf } from '../../primitives/error-message.js';
import type { BuildInfoOptions } from './build-info.options.js';

/** Name, version and revision of the application, as far as they are known. */
export interface ApplicationBuild {
  readonly name?: string;
  readonly version?: string;
  readonly revision?: string;
}

/** Environment variables in which platforms document the revision of a build. */
const REVISION_VARIABLES = [
  // Jenkins, and a common choice in Dockerfiles
  'GIT_COMMIT',
  // Heroku, Render, Railway
  'HEROKU_SLUG_COMMIT',
  'RENDER_GIT_COMMIT',
  'RAILWAY_GIT_COMMIT_SHA',
  // Cloud Run and Knative, which name each revision
  'K_REVISION',
];

/**
 * Returns the build info from the options, then the package file or package manager, then the platform.
 *
 * @throws {MonitoringOptionsError} if a package file is given that cannot be read
 */
export function applicationBuild(
  options: BuildInfoOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ApplicationBuild {
  const fromFile = options.packageFile === undefined ? {} : readPackageFile(options.packageFile);
  // Never mixed with the package file: name and version belong to the same package.
  const fromManager =
    options.packageFile === undefined
      ? { name: environment['npm_package_name'], version: environment['npm_package_version'] }
      : {};
  const revisions = REVISION_VARIABLES.map((name) => environment[name]);
  const build = {
    name: options.name ?? fromFile.name ?? fromManager.name,
    version: options.version ?? fromFile.version ?? fromManager.version,
    revision: options.revision ?? revisions.find(isKnown),
  };
  return Object.fromEntries(Object.entries(build).filter(([, value]) => isKnown(value)));
}

function isKnown(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function readPackageFile(file: string): Pick<ApplicationBuild, 'name' | 'version'> {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { ...(isKnown(name) && { name }), ...(isKnown(version) && { version }) };
  } catch (error) {
    throw new MonitoringOptionsError(
      `\`collectors.build.packageFile\` must be the path of a package.json, relative to ${process.cwd()}; got "${file}": ${messageOf(error)}.`,
    );
  }
}
