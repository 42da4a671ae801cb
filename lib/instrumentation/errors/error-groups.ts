import type { ErrorDescription } from './error-group.js';
import { ErrorGroup } from './error-group.js';

/** The groups of errors that are kept, bounded in number: beyond it, the group is dropped that has had no error for longest. */
export class ErrorGroups {
  /** By key, in the order of their last error. */
  private readonly groups = new Map<string, ErrorGroup>();

  /** @param onDrop called for each group that is dropped */
  constructor(
    private readonly limit: number,
    private readonly onDrop: () => void,
  ) {}

  /** The groups, the one with the last error first. */
  get all(): ErrorGroup[] {
    return [...this.groups.values()].toReversed();
  }

  /** Returns the group of an error, and creates it if there is none. */
  of(description: ErrorDescription, now: number): ErrorGroup {
    const known = this.groups.get(description.key);
    if (known !== undefined) {
      known.addMessage(description.message);
      return known;
    }
    return new ErrorGroup(description, now);
  }

  /** Keeps a group as the one with the last error. @returns the kept group of its key, which may be a later one */
  touch(group: ErrorGroup): ErrorGroup {
    const { key } = group;
    const kept = this.groups.get(key) ?? group;
    this.groups.delete(key);
    this.groups.set(key, kept);
    if (this.groups.size > this.limit) this.dropOldest();
    return kept;
  }

  private dropOldest(): void {
    for (const key of this.groups.keys()) {
      this.groups.delete(key);
      this.onDrop();
      return;
    }
  }
}
