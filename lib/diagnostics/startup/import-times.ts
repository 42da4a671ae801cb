/**
 * The times at which the process imported this library and the application, in milliseconds since the process started.
 * Its file is the first one of the library that runs.
 */
class ImportTimes {
  /** Time at which the first file of the library ran. */
  readonly beganAt = performance.now();
  /** Time at which the last file of the library had run. */
  ranAt: number | undefined;
  /** Time at which the application put the module into its own, after what that one imports. */
  definedAt: number | undefined;
  private isTaken = false;

  /** Records that the last file of the library has run. */
  ran(): void {
    this.ranAt ??= performance.now();
  }

  /** Records that the application defines its module. */
  defined(): void {
    this.definedAt = performance.now();
  }

  /** Returns the times for the first application of the process; undefined for further ones. */
  take(): { readonly libraryMs: number; readonly definedAt: number } | undefined {
    const { beganAt, ranAt = beganAt, definedAt = ranAt } = this;
    if (this.isTaken) return undefined;
    this.isTaken = true;
    return { libraryMs: ranAt - beganAt, definedAt };
  }
}

export const importTimes = new ImportTimes();
