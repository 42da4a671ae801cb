/** Returns declarations without the private and protected members of their classes. */
export function withoutPrivateMembers(code: string): string;
