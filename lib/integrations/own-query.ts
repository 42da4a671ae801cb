/** Ends each statement that monitoring itself sends, for whoever reads the server's list of queries. */
const MARK = ' /* nestjs-monitoring */';

/** A statement of monitoring itself. The mark is at the end, because some drivers look at how a statement begins. */
export function ownQuery(sql: string): string {
  return `${sql}${MARK}`;
}

/** Whether a statement is one of monitoring itself, which is not counted as one of the application. */
export function isOwnQuery(sql: string): boolean {
  return sql.endsWith(MARK);
}
