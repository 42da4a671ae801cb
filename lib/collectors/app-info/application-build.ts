import { readFileSync } from 'node:fs';
import { MonitoringOptionsError } from '../../options/option-checks.js';
import type { BuildInfoOptions } from './build.options.js';

/** What is known of how the application was built. */
export interface ApplicationBuild {
  readonly name?: string;
  readonly version?: string;
  readonly revision?: string;
}

/** Where platforms say from which revision an application was built, by their documentation. */
const REVISION_VARIABLES = [
  // Jenkins, and whoever sets it in a Dockerfile
  'GIT_COMMIT',
  // Heroku, Render, Railway
  'HEROKU_SLUG_COMMIT',
  'RENDER_GIT_COMMIT',
  'RAILWAY_GIT_COMMIT_SHA',
  // Cloud Run and Knative, which have a name for each revision
  'K_REVISION',
];

/**
 * What the options say, and else what the package file, the package manager or the platform does. Nothing is guessed.
 *
 * @throws {MonitoringOptionsError} if a package file is given that cannot be read
 */
export function applicationBuild(
  options: BuildInfoOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ApplicationBuild {
  const fromFile = options.packageFile === undefined ? {} : readPackageFile(options.packageFile);
  // Both are of one package, or of none.
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
      `Expected collectors.build.packageFile to be the package.json of the application, seen from ${process.cwd()}, got "${file}": ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
