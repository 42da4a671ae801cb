/** Returns the body of what answers at an address. */
export function textOf(url: string): Promise<string>;
