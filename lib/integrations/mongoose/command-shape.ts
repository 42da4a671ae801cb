import { onFirstUse } from '../../primitives/on-first-use.js';

/** The position of the filter of a command, by the name of the command. */
const FILTERS: ReadonlyMap<string, (command: Command) => unknown> = new Map([
  ['find', ({ filter }: Command) => filter],
  ['count', ({ query }: Command) => query],
  ['distinct', ({ query }: Command) => query],
  ['findAndModify', ({ query }: Command) => query],
  ['update', ({ updates }: Command) => firstOf(updates)?.['q']],
  ['delete', ({ deletes }: Command) => firstOf(deletes)?.['q']],
]);

/** Upper limit for the fields of a filter, and for the stages of a pipeline. */
const MAX_FIELDS = 10;
/** Upper limit for nested conditions, such as `$or` within `$and`. */
const MAX_DEPTH = 4;

/** A part of a path that is a name. Another one, such as the position in a list or an ID, may be a value. */
const NAME = onFirstUse(() => /^(?!.*\d{4})[\p{L}_$][\p{L}\p{N}_$-]{0,62}$/u);
const VALUE = '?';

type Command = Readonly<Record<string, unknown>>;

/**
 * Returns the shape of a command of MongoDB, such as `find orders {status, customer.id}`: its name, its collection and the
 * fields of its filter, without any value.
 */
export function commandShape(name: string, collection: string | undefined, command: Command): string {
  const subject = collection === undefined ? name : `${name} ${collection}`;
  if (name === 'aggregate') return `${subject} ${pipelineShape(command['pipeline'])}`;
  const filter = FILTERS.get(name)?.(command);
  return filter === undefined ? subject : `${subject} ${filterShape(filter)}`;
}

function pipelineShape(pipeline: unknown): string {
  const stages = (Array.isArray(pipeline) ? (pipeline as unknown[]) : [])
    .slice(0, MAX_FIELDS)
    .map((stage) => {
      const [operator = VALUE] = Object.keys(stage ?? {});
      return operator === '$match' ? `$match ${filterShape((stage as Command)['$match'])}` : nameOf(operator);
    });
  return `[${stages.join(', ')}]`;
}

function filterShape(filter: unknown): string {
  const fields = new Set<string>();
  addFields(filter, fields, MAX_DEPTH);
  return `{${[...fields].join(', ')}}`;
}

/** Adds the fields of a filter, also those within conditions such as `$or`. The operators of a field are part of its value. */
function addFields(filter: unknown, fields: Set<string>, depth: number): void {
  if (typeof filter !== 'object' || filter === null || depth === 0) return;
  for (const key in filter) {
    if (fields.size >= MAX_FIELDS) return;
    const condition: unknown = (filter as Command)[key];
    if (!key.startsWith('$')) fields.add(nameOf(key));
    else if (Array.isArray(condition)) {
      for (const each of condition.slice(0, MAX_FIELDS)) addFields(each, fields, depth - 1);
    } else fields.add(nameOf(key));
  }
}

/** Returns a path in which each part that may be a value is replaced. */
function nameOf(path: string): string {
  return path
    .split('.', MAX_FIELDS)
    .map((part) => (NAME().test(part) ? part : VALUE))
    .join('.');
}

function firstOf(list: unknown): Command | undefined {
  return Array.isArray(list) ? (list[0] as Command | undefined) : undefined;
}
