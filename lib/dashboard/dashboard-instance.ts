import { hostname } from 'node:os';

/** The process that a dashboard shows. Several may share one address, and one may replace another. */
export interface DashboardInstance {
  /** `host:pid:startedAt`, in printable ASCII, since it is sent as a header. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Start of the process, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** Returns this process as a dashboard shows it. */
export function thisInstance(): DashboardInstance {
  const host = hostname().replace(/[^!-~]/g, '_');
  const startedAt = Math.round(performance.timeOrigin);
  return { id: `${host}:${process.pid}:${startedAt}`, host, pid: process.pid, startedAt };
}
