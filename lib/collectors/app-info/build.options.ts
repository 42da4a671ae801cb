import { expectKeys, expectOption } from '../../options/option-checks.js';

/** What is told of the application in `application_build_info`; what is not known is left out. */
export interface BuildInfoOptions {
  /** @default that of `packageFile`, or what npm, yarn or pnpm started */
  readonly name?: string;
  /** @default that of `packageFile`, or what npm, yarn or pnpm started */
  readonly version?: string;
  /** Such as a commit. @default what the platform says in the environment, for example in `GIT_COMMIT` */
  readonly revision?: string;
  /** The `package.json` of the application, from the working directory. @default none is read */
  readonly packageFile?: string;
}

const KEYS = ['name', 'version', 'revision', 'packageFile'] as const;

/** @throws {MonitoringOptionsError} */
export function resolveBuildInfo(build: BuildInfoOptions | false = {}): BuildInfoOptions | false {
  if (build === false) return false;
  expectKeys('collectors.build', build, KEYS);
  for (const key of KEYS) {
    const value = build[key];
    const isText = value === undefined || (typeof value === 'string' && value !== '');
    expectOption(`collectors.build.${key}`, value, 'a text that is not empty', isText);
  }
  return build;
}
