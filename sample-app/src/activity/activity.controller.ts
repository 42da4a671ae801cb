import { Controller, Get, type MessageEvent, Sse } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { type Activity, ActivityService } from './activity.service.js';

@Controller('activity')
export class ActivityController {
  constructor(private readonly activity: ActivityService) {}

  @Get()
  recent(): Activity[] {
    return this.activity.recent();
  }

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return this.activity
      .follow()
      .pipe(map((activity) => ({ id: String(activity.id), type: activity.kind, data: activity })));
  }
}
