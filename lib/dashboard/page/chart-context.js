/** The state that all charts share: the range, the events that are drawn into them, and what a selection does. */
export const context = {
  /** Length of the range, in milliseconds. */
  rangeMs: undefined,
  /** End of the range, in milliseconds since the Unix epoch; undefined if it is the last sample. */
  until: undefined,
  isUtc: false,
  /** @type {{ at: number, kind: string, severity: string, text: string }[]} */
  events: [],
  /** Called with the start and the end of a selected range, in milliseconds. @type {(from: number, to: number) => void} */
  onSelect: () => undefined,
};

/** Returns the options of a date format in the time zone that is chosen. */
export function zone() {
  return context.isUtc ? { timeZone: 'UTC' } : {};
}
