import type { INestApplicationContext } from '@nestjs/common';
import { expect } from '@jest/globals';
import { type RequestRecord, type RequestRecordQuery, RequestRecords } from 'nestjs-monitoring/diagnostics';
import { eventually } from '../../support/eventually.js';

/** The records of an operation, once there are as many of them. */
export async function recordsOf(
  app: INestApplicationContext,
  name: string,
  { count = 1, list }: { readonly count?: number; readonly list?: RequestRecordQuery['list'] } = {},
): Promise<readonly RequestRecord[]> {
  let found: readonly RequestRecord[] = [];
  await eventually(() => {
    found = app.get(RequestRecords).find({ name, limit: 1_000, ...(list && { list }) });
    expect(found).toHaveLength(count);
  }, 20_000);
  return found;
}

/** The calls of a record as text: `cache redis GET ×2`, with `!1` for one that failed and `*` for an N+1. */
export function callsOf({ calls }: RequestRecord): string[] {
  return calls
    .map(
      ({ part, system, name, count, errors, isRepeated }) =>
        `${part} ${system} ${name} ×${count}${errors > 0 ? ` !${errors}` : ''}${isRepeated ? ' *' : ''}`,
    )
    .toSorted();
}
