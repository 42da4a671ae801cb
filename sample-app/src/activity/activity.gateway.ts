import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { map, type Observable } from 'rxjs';
import { type Activity, ActivityService } from './activity.service.js';

/** The activity feed for clients that talk socket.io. */
@WebSocketGateway({ namespace: 'activity' })
export class ActivityGateway {
  constructor(private readonly activity: ActivityService) {}

  /** Answers the acknowledgement of the message. */
  @SubscribeMessage('recent')
  recent(): Activity[] {
    return this.activity.recent();
  }

  /** Sends events until the client leaves. */
  @SubscribeMessage('follow')
  follow(): Observable<WsResponse<Activity>> {
    return this.activity.follow().pipe(map((data) => ({ event: 'activity', data })));
  }
}
