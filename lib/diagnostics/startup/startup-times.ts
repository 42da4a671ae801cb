import type { StartupReport } from './startup-report.js';

/** The times of the start of the application, by phase, module, instance and hook. Inject it to read them. */
export class StartupTimes {
  constructor(private readonly recorder?: { readonly report: StartupReport | undefined }) {}

  /** Returns the times; undefined until the start is over, and if `diagnostics.startup` is false. */
  report(): StartupReport | undefined {
    return this.recorder?.report;
  }
}
