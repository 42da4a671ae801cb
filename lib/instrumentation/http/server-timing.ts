import type { ServerResponse } from 'node:http';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';

const HEADER = 'Server-Timing';

/** The times of a response by name, in milliseconds. */
export type Timings = Readonly<Record<string, number>>;

/**
 * Adds the header `Server-Timing` to a response, at the moment at which its head is written. Values that the application
 * has given the header stay.
 *
 * @param timings returns the times up to now
 */
export function announceTimings(response: ServerResponse, guard: Guard, timings: () => Timings): void {
  patchMethod(response, 'writeHead', guard, (args) => {
    if (response.headersSent) return undefined;
    const value = headerValue(timings());
    if (value === '') return undefined;
    const given = args.findIndex((each) => typeof each === 'object' && each !== null);
    const headers = given < 0 ? undefined : withHeader(args[given] as object, value);
    if (headers === undefined) {
      addHeader(response, value);
      return undefined;
    }
    return { args: args.map((each, i) => (i === given ? headers : each)) };
  });
}

function headerValue(timings: Timings): string {
  return Object.entries(timings)
    .map(([name, milliseconds]) => `${name};dur=${milliseconds.toFixed(1)}`)
    .join(', ');
}

function addHeader(response: ServerResponse, value: string): void {
  response.setHeader(HEADER, joined(response.getHeader(HEADER), value));
}

/** Returns headers of `writeHead()` with the value added to those of the header; undefined if it is not among them. */
function withHeader(headers: object, value: string): object | undefined {
  if (!Array.isArray(headers)) {
    const name = Object.keys(headers).find(isHeader);
    return name === undefined
      ? undefined
      : { ...headers, [name]: joined(Reflect.get(headers, name) as unknown, value) };
  }
  const copy = [...(headers as unknown[])];
  // Names and values in turn.
  const position = copy.findIndex((each, i) => i % 2 === 0 && isHeader(each));
  if (position < 0) return undefined;
  copy[position + 1] = joined(copy[position + 1], value);
  return copy;
}

function isHeader(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === HEADER.toLowerCase();
}

/** Returns one value of a header that is a list. */
function joined(present: unknown, value: string): string {
  return [present ?? [], value].flat().join(', ');
}
