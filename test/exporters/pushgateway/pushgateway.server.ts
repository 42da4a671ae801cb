import { groupPath } from '../../../lib/exporters/pushgateway/pushgateway.client.js';
import { type ParsedFamily, parseExposition } from '../prometheus/exposition-parser.js';
import { type Answer, type ReceivedRequest, RemoteServer } from '../remote.server.js';

type Labels = Readonly<Record<string, string>>;

/** The metrics of one group, by name. */
interface Group {
  readonly labels: Labels;
  readonly metrics: Map<string, ParsedFamily>;
}

/**
 * A Pushgateway as its README and its handler for pushes have it: it keeps the last that each group was told, and
 * refuses what it could not show to Prometheus.
 *
 * @see https://github.com/prometheus/pushgateway#api
 */
export class PushgatewayServer extends RemoteServer {
  readonly refusals: string[] = [];
  private readonly groups = new Map<string, Group>();

  /** What Prometheus would scrape: every sample, with the labels of its group. */
  get samples(): { readonly name: string; readonly labels: Labels; readonly value: number }[] {
    return [...this.groups.values()].flatMap(({ labels, metrics }) =>
      [...metrics.values()].flatMap((family) =>
        family.samples.map(({ name, value, labels: own }) => ({
          name,
          value,
          labels: { ...own, ...labels },
        })),
      ),
    );
  }

  protected override answerTo({ method, url, headers, content }: ReceivedRequest): Answer {
    const labels = groupAt(url);
    if (labels === undefined) return this.refuse(404, `404 page not found: ${url}`);
    if (!labels['job']) return this.refuse(400, 'job name is required');
    const identity = groupPath(labels);
    if (method === 'DELETE') {
      this.groups.delete(identity);
      return { status: 202 };
    }
    if (method !== 'PUT' && method !== 'POST') return this.refuse(405, method);
    if (!/^text\/plain(?:;|$)/.test(headers['content-type'] ?? '')) {
      return this.refuse(400, `Content-Type ${headers['content-type']}`);
    }
    try {
      // It refuses timestamps, which this reader takes for a mistake too.
      const pushed = parseExposition(content.toString(), 'prometheus');
      for (const family of pushed.values()) this.checkConsistent(identity, labels, family);
      const kept = method === 'POST' ? (this.groups.get(identity)?.metrics ?? []) : [];
      this.groups.set(identity, { labels, metrics: new Map([...kept, ...pushed]) });
    } catch (error) {
      return this.refuse(400, `pushed metrics are invalid or inconsistent: ${(error as Error).message}`);
    }
    return { status: 200 };
  }

  /** A metric has one type in all groups, and its series differ even with the labels of the group in place of theirs. */
  private checkConsistent(identity: string, group: Labels, { name, type, samples }: ParsedFamily): void {
    for (const [other, { metrics }] of this.groups) {
      const known = metrics.get(name)?.type ?? type;
      if (other !== identity && known !== type) throw new Error(`${name} is a ${known}, not a ${type}`);
    }
    const seen = new Set<string>();
    for (const sample of samples) {
      const shown = { ...sample.labels, ...group };
      const series = JSON.stringify([
        sample.name,
        Object.entries(shown).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ]);
      if (seen.has(series)) throw new Error(`${series} was collected before`);
      seen.add(series);
    }
  }

  private refuse(status: number, message: string): Answer {
    this.refusals.push(`${status} ${message}`);
    return { status, body: `${message}\n` };
  }
}

/** The labels of the group at an address; undefined if there is none. */
function groupAt(url: string): Labels | undefined {
  const [, root, ...parts] = url.split('/');
  if (root !== 'metrics' || parts.length === 0 || parts.length % 2 !== 0) return undefined;
  const labels: Record<string, string> = {};
  for (let i = 0; i < parts.length; i += 2) {
    const [name = '', encoding] = (parts[i] ?? '').split('@');
    const value = decodeURIComponent(parts[i + 1] ?? '');
    labels[name] = encoding === 'base64' ? Buffer.from(value, 'base64url').toString() : value;
  }
  return labels;
}
