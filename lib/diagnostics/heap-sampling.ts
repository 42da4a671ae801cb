import type { HeapProfiler, Session } from 'node:inspector';
import { processWide } from '../primitives/process-wide.js';

/** Options of a recording of allocations. */
export interface HeapRecordingOptions {
  /** Mean number of allocated bytes between two samples. */
  readonly intervalBytes: number;
  /** True to keep the samples of objects that have been collected meanwhile. @default false */
  readonly includesCollected?: boolean;
}

/** A recording of allocations in progress. Both methods may be called again, after which they do nothing. */
export interface HeapRecording {
  /** Ends it. V8 collects garbage first, which stops the process for as long as a major garbage collection. */
  end(): Promise<HeapProfiler.SamplingHeapProfile>;
  /** Ends it without a profile. */
  cancel(): Promise<void>;
}

/** A profile of the objects that are alive. */
export interface LiveProfile {
  readonly profile: HeapProfiler.SamplingHeapProfile;
  /** Number of the sampling. A profile has the objects that were allocated since its sampling began. */
  readonly generation: number;
}

/**
 * The sampling heap profiler of V8, of which there is one for each isolate. A second start is ignored without an error, and
 * the end of one ends the other. So all share this one, and a recording suspends the sampling of live objects.
 */
export class HeapSampling {
  private session: Session | undefined;
  private sampling = 0;
  private isSampling = false;
  private hasRecording = false;
  private liveUsers = 0;
  private liveIntervalBytes = 0;

  /** Returns the profiler of this process. */
  static shared(): HeapSampling {
    return processWide('heapSampling', () => new HeapSampling());
  }

  /** True while allocations are recorded. */
  get isRecording(): boolean {
    return this.hasRecording;
  }

  /** Number of the last sampling. */
  get generation(): number {
    return this.sampling;
  }

  /**
   * Samples live objects until the returned function is called. The interval of the first user counts.
   *
   * @throws {Error} if a debugger samples allocations, or there is no inspector
   */
  async sampleLive(intervalBytes: number): Promise<() => void> {
    if (this.liveUsers++ === 0) this.liveIntervalBytes = intervalBytes;
    let isUsed = true;
    const end = () => {
      if (!isUsed) return;
      isUsed = false;
      if (--this.liveUsers === 0 && !this.hasRecording) this.stop();
    };
    try {
      await this.resume();
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  /**
   * Returns a profile of the objects that are alive; undefined while a recording runs, or if a debugger has ended the
   * sampling, which then begins anew. V8 collects garbage first, which stops the process for as long as a major garbage
   * collection.
   */
  async readLive(): Promise<LiveProfile | undefined> {
    if (this.hasRecording) return undefined;
    if (!this.isSampling) {
      await this.tryResume();
      return undefined;
    }
    const generation = this.sampling;
    try {
      const { profile } = await this.post<HeapProfiler.GetSamplingProfileReturnType>(
        'HeapProfiler.getSamplingProfile',
      );
      return { profile, generation };
    } catch {
      if (generation === this.sampling && !this.hasRecording) this.stop();
      await this.tryResume();
      return undefined;
    }
  }

  /**
   * Records allocations until the recording is ended.
   *
   * @throws {Error} if another recording runs, a debugger samples allocations, or there is no inspector
   */
  async record({ intervalBytes, includesCollected = false }: HeapRecordingOptions): Promise<HeapRecording> {
    if (this.hasRecording) throw new Error('another recording of allocations is in progress');
    this.hasRecording = true;
    try {
      this.stop();
      await this.start(intervalBytes, includesCollected);
    } catch (error) {
      await this.endRecording();
      throw error;
    }
    let ended: Promise<HeapProfiler.SamplingHeapProfile | undefined> | undefined;
    const end = () =>
      (ended ??= this.post<HeapProfiler.StopSamplingReturnType>('HeapProfiler.stopSampling')
        .then(({ profile }) => profile)
        .finally(() => this.endRecording()));
    return {
      end: async () => {
        const profile = await end();
        if (profile === undefined) throw new Error('the recording of allocations was cancelled');
        return profile;
      },
      cancel: async () => {
        await (ended ??= this.endRecording().then(() => undefined));
      },
    };
  }

  private async endRecording(): Promise<void> {
    // Nothing runs any more: a session that disconnects ends its sampling without a profile.
    this.stop();
    this.hasRecording = false;
    await this.tryResume();
  }

  /** Samples live objects again. If a debugger samples allocations by now, the next reading tries it again. */
  private async tryResume(): Promise<void> {
    await this.resume().catch(() => undefined);
  }

  private async resume(): Promise<void> {
    if (this.liveUsers > 0 && !this.hasRecording && !this.isSampling) {
      await this.start(this.liveIntervalBytes, false);
    }
  }

  private async start(intervalBytes: number, includesCollected: boolean): Promise<void> {
    this.isSampling = true;
    const generation = ++this.sampling;
    try {
      const { Session } = await import('node:inspector');
      // Ended meanwhile, or begun anew.
      if (generation !== this.sampling || !this.isSampling) return;
      const session = new Session();
      session.connect();
      this.session = session;
      if (await this.isTaken()) throw new Error('a debugger samples allocations');
      if (generation !== this.sampling || !this.isSampling) return;
      await this.post('HeapProfiler.startSampling', {
        samplingInterval: intervalBytes,
        ...(includesCollected && {
          includeObjectsCollectedByMajorGC: true,
          includeObjectsCollectedByMinorGC: true,
        }),
      });
    } catch (error) {
      if (generation === this.sampling) this.stop();
      throw error;
    }
  }

  /** Returns true if a debugger samples allocations: it would lose its profile when this sampling ends. */
  private isTaken(): Promise<boolean> {
    return this.post('HeapProfiler.getSamplingProfile').then(
      () => true,
      () => false,
    );
  }

  /** Ends the sampling. Unlike `HeapProfiler.stopSampling`, the end of its session collects no garbage. */
  private stop(): void {
    const { session } = this;
    this.session = undefined;
    this.isSampling = false;
    session?.disconnect();
  }

  private post<Result = unknown>(method: string, params: object = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { session } = this;
      if (session === undefined) {
        reject(new Error('the sampling of allocations has ended'));
        return;
      }
      session.post(method, params, (error: Error | null, result?: object) => {
        if (error === null) resolve(result as Result);
        else reject(error);
      });
    });
  }
}
