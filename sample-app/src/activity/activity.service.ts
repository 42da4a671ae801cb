import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Gauge, MetricsRegistry } from 'nestjs-monitoring';
import { defer, finalize, from, merge, type Observable, Subject } from 'rxjs';

export interface Activity {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly at: string;
}

const REMEMBERED = 50;

/** What happened lately, and what happens now. */
@Injectable()
export class ActivityService implements OnModuleDestroy {
  private readonly subscribers: Gauge;
  private readonly live = new Subject<Activity>();
  private readonly remembered: Activity[] = [];
  private lastId = 0;

  constructor(registry: MetricsRegistry) {
    this.subscribers = registry.gauge('activity_subscribers', 'Clients that follow the activity feed.');
  }

  record(kind: string, subject: string): void {
    const activity = { id: ++this.lastId, kind, subject, at: new Date().toISOString() };
    this.remembered.push(activity);
    if (this.remembered.length > REMEMBERED) this.remembered.shift();
    this.live.next(activity);
  }

  /** The newest first. */
  recent(): Activity[] {
    return this.remembered.toReversed();
  }

  /** First what is remembered, then what happens, until the application ends. */
  follow(): Observable<Activity> {
    return defer(() => {
      this.subscribers.inc();
      return merge(from([...this.remembered]), this.live).pipe(finalize(() => this.subscribers.dec()));
    });
  }

  /** Ends the feeds, which would otherwise keep the server from closing. */
  onModuleDestroy(): void {
    this.live.complete();
  }
}
