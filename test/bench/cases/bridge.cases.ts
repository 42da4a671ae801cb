import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Meter, metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { MonitoringModule } from 'nestjs-monitoring';
import { timesFaster } from '../goal.js';
import { measureLoops } from '../measure.js';
import { observedValue } from '../peers/peer.js';
import type { Case } from './case.js';

@Module({ imports: [MonitoringModule.forRoot({ bridges: { openTelemetry: true } })] })
class BridgedModule {}

/** Measurements as a service of 16 routes makes them: each has attributes that are created anew. */
const ROUTES = Array.from({ length: 16 }, (_, i) => `/api/resource${i}/:id`);
const METHODS = ['GET', 'POST'];
const STATUS_CODES = [200, 404, 500, 503];

function attributesOf(i: number): Record<string, string | number> {
  return {
    'http.route': ROUTES[i & 15]!,
    'http.request.method': METHODS[i & 1]!,
    'http.response.status_code': STATUS_CODES[(i >> 4) & 3]!,
  };
}

function adding(meter: Meter): (times: number) => void {
  const counter = meter.createCounter('bench.requests', { description: 'Bench.' });
  return (times) => {
    for (let i = 0; i < times; i++) counter.add(1, attributesOf(i));
  };
}

function recording(meter: Meter): (times: number) => void {
  const histogram = meter.createHistogram('bench.duration', { description: 'Bench.', unit: 's' });
  return (times) => {
    for (let i = 0; i < times; i++) histogram.record(observedValue(i), attributesOf(i));
  };
}

const GOAL = timesFaster(6, 'OpenTelemetry');

const apiCase: Case = {
  name: 'opentelemetry-api',
  async run(_peers, effort) {
    const app = await NestFactory.createApplicationContext(BridgedModule, { logger: false });
    const reader = new PrometheusExporter({ preventServerStart: true });
    const meters = {
      'nestjs-monitoring': metrics.getMeter('bench'),
      OpenTelemetry: new MeterProvider({ readers: [reader] }).getMeter('bench'),
    };
    const measured = (make: (meter: Meter) => (times: number) => void) =>
      measureLoops(
        Object.fromEntries(Object.entries(meters).map(([name, meter]) => [name, make(meter)])),
        effort,
      );
    const add = measured(adding);
    const record = measured(recording);
    await app.close();
    return [
      { title: '@opentelemetry/api: counter.add(1, {3 attributes})', unit: 'ns', results: add, goal: GOAL },
      {
        title: '@opentelemetry/api: histogram.record(v, {3 attributes})',
        unit: 'ns',
        results: record,
        goal: GOAL,
      },
    ];
  },
};

export const bridgeCases: readonly Case[] = [apiCase];
