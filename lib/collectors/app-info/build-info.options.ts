import { type OptionTable, readOptions, text } from '../../options/option-table.js';

/** Labels of `application_build_info`. A label whose value is not known is left out. */
export interface BuildInfoOptions {
  /** Name of the application. @default the name in `packageFile`, or in the package that npm, yarn or pnpm started */
  readonly name?: string;
  /** Version of the application. @default the version in `packageFile`, or in the package that npm, yarn or pnpm started */
  readonly version?: string;
  /** Revision of the source, such as a commit. @default the platform's environment variable, such as `GIT_COMMIT` */
  readonly revision?: string;
  /** Path of the application's `package.json`, relative to the working directory. @default no file is read */
  readonly packageFile?: string;
}

export const BUILD: OptionTable<BuildInfoOptions, BuildInfoOptions> = {
  name: text(),
  version: text(),
  revision: text(),
  packageFile: text(),
};

/** @throws {MonitoringOptionsError} */
export function resolveBuildInfo(build: BuildInfoOptions | false = {}): BuildInfoOptions | false {
  return build !== false && readOptions('collectors.build', build, BUILD);
}
