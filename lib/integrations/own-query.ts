/** A comment at the end of each own statement, which also identifies it in the query list of the server. */
const MARK = ' /* nestjs-monitoring */';

/** Returns a statement of monitoring itself. The mark is at the end, because some drivers read how a statement begins. */
export function ownQuery(sql: string): string {
  return `${sql}${MARK}`;
}

/** Returns true for a statement of monitoring itself, which is not recorded. */
export function isOwnQuery(sql: string): boolean {
  return sql.endsWith(MARK);
}
