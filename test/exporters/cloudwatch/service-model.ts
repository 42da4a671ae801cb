import { PutMetricDataInput$ } from '@aws-sdk/client-cloudwatch';

/** How the SDK describes the shapes of the service: `[kind, namespace, name, traits, …]`. */
type Shape = number | readonly unknown[] | (() => Shape);

const LIST = 1;
const STRUCTURE = 3;
/** A list of what the rest of the number says. */
const LIST_OF = 64;
const SIMPLE: Readonly<Record<number, (value: unknown) => boolean>> = {
  0: (value) => typeof value === 'string',
  1: (value) => typeof value === 'number',
  2: (value) => typeof value === 'boolean',
  4: (value) => value instanceof Date,
};

/** Where an input of PutMetricData departs from the model of the service that the SDK carries. */
export function departuresFromModel(input: unknown): string[] {
  return [...departures(input, PutMetricDataInput$, 'input')];
}

function* departures(value: unknown, shape: Shape, path: string): Generator<string> {
  if (typeof shape === 'function') yield* departures(value, shape(), path);
  else if (typeof shape === 'number') {
    if ((shape & LIST_OF) === LIST_OF) yield* departuresOfList(value, shape & ~LIST_OF, path);
    else if (!SIMPLE[shape]?.(value)) yield `${path} is ${String(value)}`;
  } else if (shape[0] === LIST) yield* departuresOfList(value, shape[4] as Shape, path);
  else if (shape[0] === STRUCTURE) yield* departuresOfStructure(value, shape, path);
  else yield `${path} has a shape that this test does not know`;
}

function* departuresOfList(value: unknown, shape: Shape, path: string): Generator<string> {
  if (!Array.isArray(value)) yield `${path} is no list`;
  else for (const [i, item] of value.entries()) yield* departures(item, shape, `${path}[${i}]`);
}

function* departuresOfStructure(value: unknown, shape: readonly unknown[], path: string): Generator<string> {
  const names = shape[4] as readonly string[];
  const shapes = shape[5] as readonly Shape[];
  const required = (shape[6] as number | undefined) ?? 0;
  const object = value as Readonly<Record<string, unknown>>;
  for (const name of names.slice(0, required))
    if (object[name] === undefined) yield `${path}.${name} is missing`;
  for (const [name, member] of Object.entries(object)) {
    const shapeOfMember = shapes[names.indexOf(name)];
    if (shapeOfMember === undefined) yield `${path}.${name} is unknown`;
    else yield* departures(member, shapeOfMember, `${path}.${name}`);
  }
}
