import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ClusterMember } from './cluster-member.js';

/** Joins the other workers before anything reads the metrics, and leaves them after the last reader has ended. */
@Injectable()
export class ClusterLifecycle implements OnModuleInit, OnApplicationShutdown {
  /** @param readersEnded resolves when no reader needs the metrics any more */
  constructor(
    private readonly member: ClusterMember | null,
    private readonly readersEnded: () => Promise<void>,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.member?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.readersEnded();
    await this.member?.stop();
  }
}
